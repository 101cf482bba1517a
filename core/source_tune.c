/* SPDX-License-Identifier: MIT */
/* Channels: what a radio shall do after it was opened, what users ask for, and how radios of one type and list share it.
 *
 * src->tuning is what is wanted; the record shows it together with what the capture program last reported. A request that is
 * refused leaves the source running, except for the first one after opening: then the source is not what its definition
 * says, and has failed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/source.h>

#define RATE_DEFAULT 5.0

double sources_hop_rate(const struct sources *s)
{
	const char *text = config_str(s->core->config, "channel_hop_speed");
	double rate = RATE_DEFAULT;

	if (text)
		(void)hop_rate_parse(text, &rate);
	return rate;
}

/* ---- Definitions ---- */

static int check_list(const struct definition *d, const char *option, char *error)
{
	const char *text = definition_get(d, option);
	struct channels c = { 0 };
	int r = text ? channels_add_text(&c, text) : 0;

	channels_free(&c);
	if (r == -EINVAL)
		snprintf(error, DEFINITION_ERROR, "option '%s' is '%.128s'; it must be channels such as \"1,6,11\", each of 1 to %u octets",
			 option, text, LINK_CHANNEL_TEXT - 1);
	if (r == -E2BIG)
		snprintf(error, DEFINITION_ERROR, "option '%s' has more than %u channels", option, LINK_CHANNELS);
	return r == -E2BIG ? -EINVAL : r;
}

int tuning_check(const struct definition *d, char *error)
{
	static const char *const lists[] = { "channel", "channels", "add_channels", "block_channels" };
	const char *rate = definition_get(d, "channel_hoprate");
	double value;
	size_t i;
	int r;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		r = check_list(d, lists[i], error);
		if (r < 0)
			return r;
	}
	if (!rate || hop_rate_parse(rate, &value) == 0)
		return 0;
	snprintf(error, DEFINITION_ERROR, "option 'channel_hoprate' is '%.64s'; it must be such as 5/sec, 10/min or 2/dwell", rate);
	return -EINVAL;
}

void tuning_free(struct source *src)
{
	channels_free(&src->tuning.supported);
	channels_free(&src->tuning.hop);
}

/* The lists: see "Channels" in doc/capture-protocol.md. */
static int take_lists(struct tuning *t, const struct definition *d)
{
	const char *channel = definition_get(d, "channel"), *channels = definition_get(d, "channels");
	const char *add = definition_get(d, "add_channels"), *block = definition_get(d, "block_channels");
	int r = 0;

	if (channel)
		r = channels_add(&t->supported, channel);
	if (r == 0 && channels) {
		r = channels_add_text(&t->hop, channels);
		return r == 0 ? channels_add_all(&t->supported, &t->hop) : r;
	}
	if (r == 0 && block)
		r = channels_remove_text(&t->supported, block);
	if (r == 0 && add)
		r = channels_add_text(&t->supported, add);
	return r == 0 ? channels_add_all(&t->hop, &t->supported) : r;
}

static int take_reported(struct tuning *t, const struct link_report *r)
{
	uint32_t i;
	int err;

	for (i = 0; i < r->n_channels; i++) {
		err = channels_add(&t->supported, r->channels[i]);
		if (err == -ENOMEM)
			return err;
	}
	return 0;
}

static int take_definition(struct source *src, const struct link_report *r)
{
	const struct config *c = src->all->core->config;
	const struct definition *d = src->def;
	const char *channel = definition_get(d, "channel"), *rate = definition_get(d, "channel_hoprate");
	struct tuning *t = &src->tuning;
	int err;

	channels_free(&t->supported);
	channels_free(&t->hop);
	err = take_reported(t, r);
	if (err == 0)
		err = take_lists(t, d);
	if (err < 0)
		return err;
	t->split = config_bool(c, "split_source_hopping", true);
	t->shuffle = config_bool(c, "randomized_hopping", true);
	t->rate = sources_hop_rate(src->all);
	if (rate)
		(void)hop_rate_parse(rate, &t->rate);
	snprintf(t->channel, sizeof t->channel, "%s", channel ? channel : "");
	t->hopping = definition_bool(d, "channel_hop", !channel && config_bool(c, "channel_hop", true));
	t->offset = 0;
	if (channel && t->hopping && channels_find(&t->hop, channel) >= 0)
		t->offset = (uint32_t)channels_find(&t->hop, channel);
	t->known = true;
	return 0;
}

/* ---- Requests ---- */

static bool hops(const struct source *src)
{
	return src->state == SOURCE_RUNNING && src->tuning.hopping && src->tuning.hop.n && src->driver->flags & AERIE_DRIVER_HOP;
}

static int send_hop(struct source *src, uint32_t *ret_seqno)
{
	const struct tuning *t = &src->tuning;
	const struct link_hop hop = { .rate = t->rate, .shuffle = t->shuffle, .offset = t->offset, .n_channels = t->hop.n,
				      .channels = (const char(*)[LINK_CHANNEL_TEXT])t->hop.names };

	return src->link ? caplink_send_hop(src->link, &hop, ret_seqno) : -ENOTCONN;
}

/* Of the group that hops over these channels with this driver. */
static bool shares(const struct source *src, const struct driver *driver, uint64_t key)
{
	return hops(src) && src->tuning.split && src->driver == driver && channels_key(&src->tuning.hop) == key;
}

/* Where a radio that is about to hop over a list begins, with the others of its group. */
static uint32_t own_offset(const struct source *src, const struct channels *list)
{
	uint64_t key = channels_key(list);
	const struct source *other;
	uint32_t n = 1, i = 0;
	bool before = true;

	for (other = src->all->first; other; other = other->next) {
		before = before && other != src;
		n += other != src && shares(other, src->driver, key);
		i += before && shares(other, src->driver, key);
	}
	if (!src->tuning.split || (n == 1 && src->tuning.channel[0]))
		return src->tuning.offset;
	return hop_offset(list->n, n, i);
}

/* A group changed: each of it begins at its own channel. The one that was just asked is not asked twice. */
static void regroup(struct source *changed, uint64_t key, bool asks_itself)
{
	struct sources *s = changed->all;
	uint32_t n = 0, i = 0, offset;
	struct source *src;

	for (src = s->first; src; src = src->next)
		n += shares(src, changed->driver, key);
	for (src = s->first; src; src = src->next) {
		if (!shares(src, changed->driver, key))
			continue;
		offset = hop_offset(src->tuning.hop.n, n, i++);
		if (n == 1 && src == changed && src->tuning.channel[0])
			continue; /* alone, it begins where its definition says */
		if (offset == src->tuning.offset)
			continue;
		src->tuning.offset = offset;
		if (src != changed || !asks_itself)
			(void)send_hop(src, NULL); /* one that does not read is told by its silence */
	}
}

static int ask_first(struct source *src)
{
	struct tuning *t = &src->tuning;

	if (hops(src)) {
		regroup(src, channels_key(&t->hop), true);
		return send_hop(src, &t->first_seqno);
	}
	if (t->channel[0] && src->driver->flags & (AERIE_DRIVER_TUNE | AERIE_DRIVER_HOP) && src->link)
		return caplink_send_channel(src->link, t->channel, &t->first_seqno);
	return 0;
}

void tuning_ended(struct source *src)
{
	if (!src->all->stopping && src->driver && src->tuning.hopping && src->tuning.split)
		regroup(src, channels_key(&src->tuning.hop), false);
}

/* ---- Reports ---- */

static void take_report(struct source *src, const struct link_report *r)
{
	struct tuning *t = &src->tuning;
	uint64_t key = channels_key(&t->hop), new_key;
	bool hopped = t->hopping;
	uint32_t i;

	if (r->has_hop) {
		if (r->hop.rate > 0)
			t->rate = r->hop.rate;
		t->shuffle = r->hop.shuffle;
		t->offset = r->hop.offset;
		t->hopping = true;
		if (r->hop.n_channels)
			channels_free(&t->hop);
		for (i = 0; i < r->hop.n_channels; i++)
			(void)channels_add(&t->hop, r->hop.channels[i]); /* no memory: a shorter list is shown */
		source_set_skip(src, r->hop.skip);
		source_set_tuning(src, true, "");
	} else if (r->has_channel) {
		t->hopping = false;
		snprintf(t->channel, sizeof t->channel, "%.63s", r->channel);
		source_set_tuning(src, false, r->channel);
	}
	new_key = channels_key(&t->hop);
	if (!t->split || (hopped == t->hopping && key == new_key))
		return;
	regroup(src, key, true);
	if (key != new_key)
		regroup(src, new_key, false); /* over fewer channels than it was asked for, its place may be another */
}

void tuning_opened(struct source *src, const struct link_report *r)
{
	int err = src->tuning.known ? 0 : take_definition(src, r);

	src->tuning.first_seqno = 0;
	src->tuning.refused = false;
	source_set_tuning(src, false, r->channel);
	if (err == 0)
		err = ask_first(src);
	if (err < 0) {
		source_fail(src, true, "cannot be tuned: %s", strerror(-err));
		return;
	}
	source_set_tuning(src, false, r->channel);
	if (r->has_hop && !src->tuning.first_seqno) { /* it hops by itself, was asked for nothing else, and is left alone */
		src->tuning.split = false;
		take_report(src, r);
	}
}

void tuning_report(struct source *src, const struct link_frame *f, const struct link_report *r)
{
	bool first = r->seqno && r->seqno == src->tuning.first_seqno;
	const char *why = r->message[0] ? r->message : "the capture program gave no reason";
	char text[SOURCE_TEXT];

	if (first)
		src->tuning.first_seqno = 0;
	if (f->code) {
		take_report(src, r);
		if (src->tuning.refused)
			source_set_warning(src, "");
		src->tuning.refused = false;
		if (r->message[0])
			source_log_said(src, AERIE_LOG_INFO, r->message);
		source_ops_done(src, OP_TUNE, r->seqno ? r->seqno : UINT32_MAX, 0, "tuned");
		return;
	}
	if (first) {
		source_fail(src, true, "cannot be tuned: %s", why);
		return;
	}
	snprintf(text, sizeof text, "cannot be tuned: %s", why);
	source_log_said(src, AERIE_LOG_ERROR, text);
	source_set_warning(src, why);
	src->tuning.refused = true;
	source_ops_done(src, OP_TUNE, r->seqno ? r->seqno : UINT32_MAX, -EIO, why);
}

/* ---- What users want ---- */

static int set_channel(struct source *src, const char *channel, uint32_t *ret_seqno, const char **ret_error)
{
	struct channels one = { 0 };
	int r = channel ? channels_add(&one, channel) : -EINVAL;

	channels_free(&one);
	if (r < 0) {
		*ret_error = "no channel was given, or one longer than 63 octets";
		return r;
	}
	r = caplink_send_channel(src->link, channel, ret_seqno);
	if (r < 0)
		*ret_error = "its capture program takes no requests";
	return r;
}

static int check_hop(const struct channels *list, const struct aerie_source_control *c, const char **ret_error)
{
	if (list->n == 0)
		*ret_error = "it has no channels to hop over; give a list";
	else if (!(c->hop_rate >= 0 && c->hop_rate <= 1e6))
		*ret_error = "the hop rate must be a number of hops per second above 0";
	else
		return 0;
	return -EINVAL;
}

/* Nothing is kept until the program says that it does so: take_report(). */
static int set_hop(struct source *src, const struct aerie_source_control *c, uint32_t *ret_seqno, const char **ret_error)
{
	const struct tuning *t = &src->tuning;
	struct channels given = { 0 };
	const struct channels *list = c->channels ? &given : &t->hop;
	struct link_hop hop;
	int r = c->channels ? channels_set(&given, c->channels, c->n_channels) : 0;

	if (!(src->driver->flags & AERIE_DRIVER_HOP)) {
		*ret_error = "its driver cannot hop over channels";
		r = -ENOTSUP;
	} else if (r < 0) {
		*ret_error = "the channels must be at most 512, each of 1 to 63 octets";
		r = -EINVAL;
	} else {
		r = check_hop(list, c, ret_error);
	}
	if (r == 0) {
		hop = (struct link_hop){ .rate = c->hop_rate > 0 ? c->hop_rate : t->rate, .shuffle = c->shuffle >= 0 ? c->shuffle != 0 : t->shuffle,
					 .offset = own_offset(src, list), .n_channels = list->n,
					 .channels = (const char(*)[LINK_CHANNEL_TEXT])list->names };
		r = caplink_send_hop(src->link, &hop, ret_seqno);
		if (r < 0)
			*ret_error = "its capture program takes no requests";
	}
	channels_free(&given);
	return r;
}

int tuning_control(struct source *src, const struct aerie_source_control *c, uint32_t *ret_seqno, const char **ret_error)
{
	if (src->state != SOURCE_RUNNING) {
		*ret_error = "it is not running; open it first";
		return -ENOTCONN;
	}
	if (!src->link || !(src->driver->flags & (AERIE_DRIVER_TUNE | AERIE_DRIVER_HOP))) {
		*ret_error = "its driver cannot set channels";
		return -ENOTSUP;
	}
	if (c->action == AERIE_SOURCE_SET_HOP)
		return set_hop(src, c, ret_seqno, ret_error);
	return set_channel(src, c->channel, ret_seqno, ret_error);
}
