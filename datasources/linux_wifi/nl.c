/* SPDX-License-Identifier: MIT */
/* nl80211 through libnl: the family, requests and dumps. libnl gives numbers of its own for what goes wrong here, and
 * the kernel's errno only to the error callback: that one is what callers get. */
#include "nl.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define SOCKET_BUFFER (256 * 1024) /* a dump's message may be 32 KiB */

struct nl80211 {
	struct nl_sock *sock;
	int family;
};

struct run {
	int (*fn)(void *user, const void *attrs, int len);
	void *user;
	int result; /* 1: not done yet */
	int failed; /* of fn */
};

static int errno_of(int libnl_error)
{
	switch (-libnl_error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_MSG_TRUNC:
		return -EMSGSIZE;
	case NLE_DUMP_INTR:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

int nl80211_open(struct nl80211 **ret_nl)
{
	struct nl80211 *nl = calloc(1, sizeof *nl);
	int r = -ENOMEM;

	if (!nl)
		return -ENOMEM;
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		goto fail;
	r = genl_connect(nl->sock); /* O_CLOEXEC */
	if (r < 0) {
		r = errno_of(r);
		goto fail;
	}
	nl_socket_set_buffer_size(nl->sock, SOCKET_BUFFER, SOCKET_BUFFER);
	nl_socket_set_msg_buf_size(nl->sock, SOCKET_BUFFER);
	nl->family = genl_ctrl_resolve(nl->sock, NL80211_GENL_NAME);
	if (nl->family < 0) {
		r = errno_of(nl->family);
		goto fail;
	}
	*ret_nl = nl;
	return 0;
fail:
	nl80211_close(nl);
	return r;
}

void nl80211_close(struct nl80211 *nl)
{
	if (!nl)
		return;
	if (nl->sock)
		nl_socket_free(nl->sock);
	free(nl);
}

struct nl_msg *nl80211_request(struct nl80211 *nl, uint8_t command, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, command, 0)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct run *run = arg;
	struct genlmsghdr *h = nlmsg_data(nlmsg_hdr(msg));
	int len = nlmsg_datalen(nlmsg_hdr(msg)) - (int)GENL_HDRLEN;

	if (len < 0)
		return NL_SKIP;
	if (run->fn && run->failed == 0)
		run->failed = run->fn(run->user, genlmsg_attrdata(h, 0), len);
	return NL_SKIP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct run *run = arg;

	run->result = err->error ? err->error : -EIO;
	return NL_STOP;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	struct run *run = arg;

	run->result = 0;
	return NL_SKIP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct run *run = arg;

	run->result = 0;
	return NL_STOP;
}

int nl80211_run(struct nl80211 *nl, struct nl_msg *msg, int (*fn)(void *user, const void *attrs, int len), void *user)
{
	struct run run = { fn, user, 1, 0 };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r, cancel;

	if (!cb || !msg) {
		nlmsg_free(msg);
		nl_cb_put(cb);
		return -ENOMEM;
	}
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &run);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &run);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &run);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &run);
	/* The hop thread is not cancelled here: an answer that is left would be taken for that of the next request. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	r = nl_send_auto(nl->sock, msg); /* asks for an ACK as well */
	nlmsg_free(msg);
	while (r >= 0 && run.result > 0)
		r = nl_recvmsgs(nl->sock, cb);
	pthread_setcancelstate(cancel, NULL);
	nl_cb_put(cb);
	if (run.result <= 0)
		return run.result < 0 ? run.result : run.failed < 0 ? run.failed : 0;
	return errno_of(r);
}

/* --- Questions. */

struct interfaces {
	struct wiphy_interface *list;
	uint32_t n, max;
};

static int on_interface(void *user, const void *attrs, int len)
{
	struct interfaces *all = user;
	int r;

	if (all->n == all->max)
		return 0;
	r = wiphy_interface_parse(&all->list[all->n], attrs, len);
	if (r == 0)
		all->n++;
	return r == -ENOENT ? 0 : r;
}

int nl80211_interfaces(struct nl80211 *nl, struct wiphy_interface *ret_interfaces, uint32_t max)
{
	struct interfaces all = { ret_interfaces, 0, max };
	int r = nl80211_run(nl, nl80211_request(nl, NL80211_CMD_GET_INTERFACE, NLM_F_DUMP), on_interface, &all);

	return r < 0 ? r : (int)all.n;
}

static int on_radio(void *user, const void *attrs, int len)
{
	struct interfaces *all = user;
	struct wiphy_interface radio;
	int r = wiphy_radio_parse(&radio, attrs, len);
	uint32_t i;

	for (i = 0; r == 0 && i < all->n; i++)
		if (all->list[i].wiphy == radio.wiphy)
			return 0;
	if (r == 0 && all->n < all->max)
		all->list[all->n++] = radio;
	return r == -ENOENT ? 0 : r;
}

int nl80211_add_radios(struct nl80211 *nl, struct wiphy_interface *interfaces, uint32_t n, uint32_t max)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_GET_WIPHY, NLM_F_DUMP);
	struct interfaces all = { interfaces, n, max };
	int r = -ENOMEM;

	if (msg && nla_put_flag(msg, NL80211_ATTR_SPLIT_WIPHY_DUMP) == 0) {
		r = nl80211_run(nl, msg, on_radio, &all);
		msg = NULL;
	}
	nlmsg_free(msg);
	return r < 0 ? r : (int)all.n;
}

static int on_wiphy(void *user, const void *attrs, int len)
{
	return wiphy_parse(user, attrs, len);
}

int nl80211_wiphy(struct nl80211 *nl, uint32_t index, struct wiphy *ret_wiphy)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_GET_WIPHY, NLM_F_DUMP);
	struct wiphy *w = calloc(1, sizeof *w);
	int r = -ENOMEM;

	if (!msg || !w)
		goto out;
	/* A split dump, since kernels leave newer things out of one that has to fit in a message. */
	if (nla_put_flag(msg, NL80211_ATTR_SPLIT_WIPHY_DUMP) < 0 || nla_put_u32(msg, NL80211_ATTR_WIPHY, index) < 0)
		goto out;
	r = nl80211_run(nl, msg, on_wiphy, w);
	msg = NULL;
	if (r == 0 && w->n_freqs == 0)
		r = -ENODEV;
	if (r == 0)
		*ret_wiphy = *w;
out:
	nlmsg_free(msg);
	free(w);
	return r;
}

/* --- Changes. */

/* Runs the request when its attributes could be put (r 0). */
static int run_change(struct nl80211 *nl, struct nl_msg *msg, int r)
{
	if (r == 0)
		return nl80211_run(nl, msg, NULL, NULL);
	nlmsg_free(msg);
	return -ENOMEM;
}

static uint32_t ht_type(const struct channel *c)
{
	switch (c->width) {
	case NL80211_CHAN_WIDTH_20_NOHT:
		return NL80211_CHAN_NO_HT;
	case NL80211_CHAN_WIDTH_20:
		return NL80211_CHAN_HT20;
	default:
		return c->center > c->mhz ? NL80211_CHAN_HT40PLUS : NL80211_CHAN_HT40MINUS;
	}
}

int nl80211_set_channel(struct nl80211 *nl, uint32_t interface, const struct channel *c)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_SET_WIPHY, 0);
	int r;

	if (!msg)
		return -ENOMEM;
	r = nla_put_u32(msg, NL80211_ATTR_IFINDEX, interface);
	if (r == 0)
		r = nla_put_u32(msg, NL80211_ATTR_WIPHY_FREQ, c->mhz);
	/* The older attribute where it says it all, for drivers and kernels from before the newer. */
	if (r == 0 && c->mhz < 5935 &&
	    (c->width == NL80211_CHAN_WIDTH_20_NOHT || c->width == NL80211_CHAN_WIDTH_20 ||
	     c->width == NL80211_CHAN_WIDTH_40))
		return run_change(nl, msg, nla_put_u32(msg, NL80211_ATTR_WIPHY_CHANNEL_TYPE, ht_type(c)));
	if (r == 0)
		r = nla_put_u32(msg, NL80211_ATTR_CHANNEL_WIDTH, c->width);
	if (r == 0)
		r = nla_put_u32(msg, NL80211_ATTR_CENTER_FREQ1, c->center);
	return run_change(nl, msg, r);
}

static int put_monitor_flags(struct nl_msg *msg, uint32_t flags)
{
	struct nlattr *nest;
	int i;

	if (!flags)
		return 0;
	nest = nla_nest_start(msg, NL80211_ATTR_MNTR_FLAGS);
	if (!nest)
		return -ENOMEM;
	for (i = 1; i <= NL80211_MNTR_FLAG_MAX; i++)
		if ((flags >> i & 1) && nla_put_flag(msg, i) < 0)
			return -ENOMEM;
	nla_nest_end(msg, nest);
	return 0;
}

int nl80211_set_mode(struct nl80211 *nl, uint32_t interface, uint32_t mode, uint32_t monitor_flags)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_SET_INTERFACE, 0);
	int r;

	if (!msg)
		return -ENOMEM;
	r = nla_put_u32(msg, NL80211_ATTR_IFINDEX, interface);
	if (r == 0)
		r = nla_put_u32(msg, NL80211_ATTR_IFTYPE, mode);
	if (r == 0)
		r = put_monitor_flags(msg, monitor_flags);
	return run_change(nl, msg, r);
}

int nl80211_add_monitor(struct nl80211 *nl, uint32_t wiphy, const char *name, uint32_t monitor_flags)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_NEW_INTERFACE, 0);
	int r;

	if (!msg)
		return -ENOMEM;
	r = nla_put_u32(msg, NL80211_ATTR_WIPHY, wiphy);
	if (r == 0)
		r = nla_put_string(msg, NL80211_ATTR_IFNAME, name);
	if (r == 0)
		r = nla_put_u32(msg, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_MONITOR);
	if (r == 0)
		r = nla_put_flag(msg, NL80211_ATTR_IFACE_SOCKET_OWNER);
	if (r == 0)
		r = put_monitor_flags(msg, monitor_flags);
	return run_change(nl, msg, r);
}

int nl80211_delete(struct nl80211 *nl, uint32_t interface)
{
	struct nl_msg *msg = nl80211_request(nl, NL80211_CMD_DEL_INTERFACE, 0);

	if (!msg)
		return -ENOMEM;
	return run_change(nl, msg, nla_put_u32(msg, NL80211_ATTR_IFINDEX, interface));
}
