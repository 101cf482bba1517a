/* SPDX-License-Identifier: MIT */
/* The hop thread: tunes to one channel after the other, until it is told to end or no channel is left.
 *
 * It sleeps first and then tunes. The index begins at the offset and grows by the step (1 unless shuffled); it stands for
 * the channel at index mod n. Channels that cannot be tuned to are taken off the list when the round is over, which is
 * when the index is a multiple of n. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"
#include "report.h"

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The first step from the spacing on whose rounds do not fall into a pattern of n / step channels. One that shares a
 * divisor with n would leave channels out for ever: then the next that does not. */
void hop_fit_step(struct hop *hop)
{
	uint32_t n = hop->n, step = hop->spacing ? hop->spacing : 1;

	if (!hop->shuffle || n == 0) {
		hop->step = 1;
		return;
	}
	if (step > n)
		step = 1;
	while (step + 1 < n && n % (n / step) == 0)
		step++;
	while (step + 1 < n && common_divisor(n, step) != 1)
		step++;
	hop->step = step + 1 < n ? step : 1;
}

uint64_t hop_interval_us(const struct hop *hop)
{
	double us = 1e6 / hop->rate;

	if (!(us > HOP_INTERVAL_MIN_US))
		return HOP_INTERVAL_MIN_US;
	return us < 1e15 ? (uint64_t)us : (uint64_t)1e15;
}

void hop_clear(struct aeriecap *cap, struct hop *hop)
{
	uint32_t i;

	for (i = 0; i < hop->n; i++)
		cap->free_channel(hop->channels[i].channel);
	free(hop->channels);
	hop->channels = NULL;
	hop->n = 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Sleeps until then: 0, or -1: the thread is to end. */
static int sleep_until(struct aeriecap *cap, uint64_t us)
{
	struct timespec until = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
	int cancel, r = 0;

	out_lock(cap, &cancel);
	while (!cap->out.hop_stop && r == 0)
		r = pthread_cond_timedwait(&cap->out.changed, &cap->out.lock, &until);
	r = cap->out.hop_stop ? -1 : 0;
	out_unlock(cap, cancel);
	return r;
}

/* Takes the channels that failed off the list and tells the host. -1: none is left. */
static int remove_failed(struct aeriecap *cap)
{
	struct hop *hop = &cap->hop;
	char text[AERIECAP_MSG_MAX];
	uint32_t i, n = 0, removed;

	for (i = 0; i < hop->n; i++)
		n += !hop->channels[i].failed;
	removed = hop->n - n;
	if (removed == 0)
		return 0;
	if (n == 0) {
		char why[600];

		snprintf(why, sizeof why, "%.500s", cap->hop_msg);
		snprintf(cap->hop_msg, sizeof cap->hop_msg, "cannot tune to any of %u channels%s%s", (unsigned)removed,
			 why[0] ? ", the last: " : "", why);
		return -1;
	}
	for (i = 0, n = 0; i < hop->n; i++) {
		if (hop->channels[i].failed)
			cap->free_channel(hop->channels[i].channel);
		else
			hop->channels[n++] = hop->channels[i];
	}
	hop->n = n;
	hop_fit_step(hop);
	snprintf(text, sizeof text, "Removed %u channels that could not be tuned to%s%.600s", (unsigned)removed,
		 cap->hop_msg[0] ? ", the last: " : "", cap->hop_msg);
	cap->hop_msg[0] = 0;
	if (report_config(cap, 0, true, NULL, hop, text) == 0)
		aeriecap_warn(cap, "the host does not read that channels were removed");
	return 1;
}

/* Tunes to the channel at the index: 0, or -1: the radio is gone. */
static int hop_to(struct aeriecap *cap, uint64_t index)
{
	struct hop_channel *to = &cap->hop.channels[index % cap->hop.n];
	char text[AERIECAP_MSG_MAX] = "";
	int cancel, r = cap->set_channel(cap, 0, to->channel, text);

	if (r > 0) {
		out_lock(cap, &cancel);
		memcpy(cap->out.channel, to->name, sizeof cap->out.channel);
		out_unlock(cap, cancel);
		return 0;
	}
	if (r < 0)
		snprintf(cap->hop_msg, sizeof cap->hop_msg, "cannot tune to channel %s%s%.800s", to->name,
			 text[0] ? ": " : "", text);
	else
		snprintf(cap->hop_msg, sizeof cap->hop_msg, "%s%s%.800s", to->name, text[0] ? ": " : "", text);
	to->failed = r == 0;
	return r;
}

static int hop_run(struct aeriecap *cap)
{
	uint64_t interval = hop_interval_us(&cap->hop), index = cap->hop.offset, due = now_us() + interval, now;

	while (sleep_until(cap, due) == 0) {
		if (hop_to(cap, index) < 0)
			return -1;
		index += cap->hop.step;
		if (index % cap->hop.n == 0) {
			int r = remove_failed(cap);

			if (r < 0)
				return -1;
			if (r > 0)
				index = 0;
		}
		due += interval;
		now = now_us();
		if (due < now + interval / 2) /* a slow radio dwells all the same */
			due = now + interval;
	}
	return 0;
}

static void hop_ended(void *data)
{
	struct aeriecap *cap = data;
	int cancel;

	out_lock(cap, &cancel);
	cap->out.hop_ended = true;
	pthread_cond_broadcast(&cap->out.changed);
	wake_main(cap);
	out_unlock(cap, cancel);
}

static void *hop_main(void *data)
{
	struct aeriecap *cap = data;
	int cancel, r;

	pthread_cleanup_push(hop_ended, cap);
	r = hop_run(cap);
	out_lock(cap, &cancel);
	cap->out.hop_result = r;
	out_unlock(cap, cancel);
	pthread_cleanup_pop(1);
	return NULL;
}

int hop_start(struct aeriecap *cap)
{
	cap->out.hop_stop = cap->out.hop_ended = false; /* no lock: there is no such thread now */
	cap->out.hop_result = 0;
	cap->hop_msg[0] = 0;
	if (pthread_create(&cap->hop_thread, NULL, hop_main, cap) != 0)
		return -1;
	cap->hop_running = true;
	return 0;
}

void hop_stop(struct aeriecap *cap)
{
	bool ended;

	if (!cap->hop_running)
		return;
	cap->hop_running = false;
	pthread_mutex_lock(&cap->out.lock);
	cap->out.hop_stop = true;
	pthread_cond_broadcast(&cap->out.changed);
	ended = wait_flag(cap, &cap->out.hop_ended);
	if (!ended) {
		pthread_cancel(cap->hop_thread);
		ended = wait_flag(cap, &cap->out.hop_ended);
	}
	pthread_mutex_unlock(&cap->out.lock);
	if (ended) {
		pthread_join(cap->hop_thread, NULL);
		return;
	}
	fprintf(stderr, "%s: tuning to a channel hangs: ending without it\n", cap->program);
	close_source(cap);
	_exit(AERIECAP_EXIT_FAILED); /* it may still use anything that the caller would free */
}
