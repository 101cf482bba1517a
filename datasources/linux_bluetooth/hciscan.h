/* SPDX-License-Identifier: MIT */
/* The scan as a state machine without sockets: it says which HCI command to send next, and is told every command
 * and event that passes between host and controller, its own and those of other programs.
 *
 * It shares the controller. A scan that another program runs is listened to and never ended, and while one looks
 * for devices (an inquiry, an active LE scan), ours rests: the kernel takes any end of an inquiry for the end of
 * its own discovery. What it changes is put back by hciscan_stop(). Event masks cannot be read, so they cannot be
 * put back either, and are left alone: the kernel's let through all that is needed. Standard: Bluetooth Core 5.4,
 * Vol 4 Part E; numbers in hciscan.c are its sections.
 *
 * Packets are H4: the packet type's octet, then the packet (Vol 4 Part A). Times are milliseconds of any steady
 * clock. */
#ifndef LINUX_BLUETOOTH_HCISCAN_H
#define LINUX_BLUETOOTH_HCISCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define HCISCAN_COMMAND_MAX     24u    /* room for the longest command sent */
#define HCISCAN_REINQUIRY_MS    10000u /* from the end of an inquiry to the next */
#define HCISCAN_AGAIN_MS        10000u /* until something refused is tried again */
#define HCISCAN_RESUME_MS       2000u  /* after another program ended a scan: it may be about to begin another */
#define HCISCAN_ANSWER_MS       5000u  /* in which a controller answers a command */
#define HCISCAN_UNANSWERED_MAX  3u     /* commands in a row without an answer: the controller is dead */
#define HCISCAN_NAME_MS         30000u /* in which a name request ends */
#define HCISCAN_OUTSTANDING_MAX 8u     /* commands under way; one more pushes out the oldest, which is counted */

struct hciscan_config {
	bool classic, le;
	bool active; /* LE: ask advertisers for their scan response */
	bool names;
	bool own_random;        /* the controller has no public address */
	uint8_t inquiry_length; /* 1..48, in 1.28 s */
};

enum hciscan_fault {
	HCISCAN_OK,
	HCISCAN_SILENT,     /* the controller does not answer any more */
	HCISCAN_NO_RADIO,   /* it has nothing of what is to be scanned */
	HCISCAN_UNREADABLE, /* it does not tell its features */
};

/* Things worth telling people, each told once. */
enum hciscan_note {
	HCISCAN_NOTE_NONE,
	HCISCAN_NOTE_NO_CLASSIC,
	HCISCAN_NOTE_NO_LE,
	HCISCAN_NOTE_LE_OTHER,
	HCISCAN_NOTE_LE_REFUSED,
	HCISCAN_NOTE_INQUIRY_OTHER,
	HCISCAN_NOTE_INQUIRY_REFUSED,
	HCISCAN_NOTE_INTERLEAVED,
	HCISCAN_NOTE_RESET,
	HCISCAN_NOTES,
};

enum hciscan_setup { SETUP_COMMANDS, SETUP_FEATURES, SETUP_LE_FEATURES, SETUP_INQUIRY_MODE, SETUP_DONE };
enum hciscan_owner { OWNER_NONE, OWNER_US, OWNER_OTHER };

struct hciscan_counts {
	uint64_t commands, inquiries, name_requests; /* made */
	uint64_t inquiry_results, names, le_reports; /* heard, whoever asked for them */
	uint64_t malformed, unanswered, pushed_out;
};

struct hciscan {
	struct hciscan_config config;
	struct hciscan_counts counts;
	enum hciscan_fault fault;
	uint8_t fault_status;

	/* Our command on its way: one at a time. */
	struct {
		uint8_t octets[HCISCAN_COMMAND_MAX];
		size_t len;
		uint16_t opcode;
		bool waiting, seen;
		uint64_t since_ms;
	} pending;
	unsigned unanswered_in_row;
	/* Commands seen on their way to the controller and not yet answered, oldest first. */
	struct {
		uint16_t opcode;
		uint8_t value; /* their first parameter; of LE scan parameters: active or passive */
		bool ours;
	} outstanding[HCISCAN_OUTSTANDING_MAX];
	unsigned n_outstanding;

	enum hciscan_setup setup;
	uint64_t setup_at_ms;
	bool has_classic, has_le, extended, coded;
	bool ext_scan_commands; /* Supported Commands, octet 37 bits 5 and 6 */
	bool mode_known, mode_changed;
	uint8_t mode, mode_was, mode_wanted; /* inquiry mode */

	struct {
		enum hciscan_owner owner;
		bool parameters_set;
		bool others_active; /* their last scan parameters ask for scan responses */
		uint64_t at_ms;
	} le;
	struct {
		enum hciscan_owner owner;
		uint64_t at_ms, until_ms;
	} inquiry;
	bool interleave; /* the controller does not scan LE and inquire at the same time */
	struct {
		bool waiting;
		uint8_t address[6];
		uint64_t until_ms;
	} name;
	struct names names;

	uint32_t notes, told;
	uint8_t note_status[HCISCAN_NOTES];
	bool stopping;
};

void hciscan_init(struct hciscan *s, const struct hciscan_config *config, uint64_t now_ms);

/* The next command to send: its length, 0 none now. To be asked after each event, and a few times a second. */
size_t hciscan_next(struct hciscan *s, uint64_t now_ms, uint8_t command[HCISCAN_COMMAND_MAX]);
/* A command on its way to the controller, whoever sent it; an event from it. Other packet types are ignored. */
void hciscan_sent(struct hciscan *s, const uint8_t *packet, size_t len, uint64_t now_ms);
void hciscan_received(struct hciscan *s, const uint8_t *packet, size_t len, uint64_t now_ms);

/* From now on hciscan_next() gives what leaves the controller as it was, until hciscan_stopped(). */
void hciscan_stop(struct hciscan *s);
bool hciscan_stopped(const struct hciscan *s);

/* The next thing to tell, HCISCAN_NOTE_NONE when there is none; *ret_status: the controller's status code, or 0. */
enum hciscan_note hciscan_note(struct hciscan *s, uint8_t *ret_status);
const char *hciscan_note_text(enum hciscan_note note);
const char *hciscan_fault_text(enum hciscan_fault fault);

#endif
