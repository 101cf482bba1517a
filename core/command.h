/* SPDX-License-Identifier: MIT */
/* The body of a POST request: its form variables and its command. Read when a handler first asks, once per request. */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <core/core.h>
#include <core/reply.h>

#define COMMAND_OCTETS (16u * 1024u * 1024u) /* of a body that is read; the transport's own limit is usually lower */
#define FORM_VARIABLES 1024u                 /* of a form; more: 400 */

/* Members of struct aerie_http. */
int command_get(const struct aerie_request *req, const struct aerie_value **ret_map);
const char *command_form(const struct aerie_request *req, const char *name);
const char *command_json(const struct aerie_request *req, const struct aerie_value *v, uint32_t *ret_len);

/* What is to be told when a handler returned -EBADMSG or -ENODATA: the status, and a text valid as long as the request. */
uint32_t command_explain(const struct aerie_request *req, int err, const char **ret_text);
void command_free(struct command *c);

#endif
