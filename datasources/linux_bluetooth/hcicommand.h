/* SPDX-License-Identifier: MIT */
/* Inside of the scan: numbers of HCI, and which command comes next. Sections of Bluetooth Core 5.4, Vol 4 Part E unless
 * named otherwise. */
#ifndef LINUX_BLUETOOTH_HCICOMMAND_H
#define LINUX_BLUETOOTH_HCICOMMAND_H

#include "hciscan.h"

/* Vol 4 Part A, 2 */
enum packet_type { PACKET_COMMAND = 1, PACKET_EVENT = 4 };

/* OGF << 10 | OCF */
enum opcode {
	OP_INQUIRY = 0x0401,                /* 7.1.1 */
	OP_INQUIRY_CANCEL = 0x0402,         /* 7.1.2 */
	OP_NAME_REQUEST = 0x0419,           /* 7.1.19 */
	OP_NAME_REQUEST_CANCEL = 0x041a,    /* 7.1.20 */
	OP_RESET = 0x0c03,                  /* 7.3.2 */
	OP_READ_INQUIRY_MODE = 0x0c44,      /* 7.3.49 */
	OP_WRITE_INQUIRY_MODE = 0x0c45,     /* 7.3.50 */
	OP_READ_COMMANDS = 0x1002,          /* 7.4.2 */
	OP_READ_FEATURES = 0x1003,          /* 7.4.3 */
	OP_LE_READ_FEATURES = 0x2003,       /* 7.8.3 */
	OP_LE_SCAN_PARAMETERS = 0x200b,     /* 7.8.10 */
	OP_LE_SCAN_ENABLE = 0x200c,         /* 7.8.11 */
	OP_LE_EXT_SCAN_PARAMETERS = 0x2041, /* 7.8.64 */
	OP_LE_EXT_SCAN_ENABLE = 0x2042,     /* 7.8.65 */
};

enum event {
	EV_INQUIRY_COMPLETE = 0x01,          /* 7.7.1 */
	EV_INQUIRY_RESULT = 0x02,            /* 7.7.2 */
	EV_NAME_COMPLETE = 0x07,             /* 7.7.7 */
	EV_COMMAND_COMPLETE = 0x0e,          /* 7.7.14 */
	EV_COMMAND_STATUS = 0x0f,            /* 7.7.15 */
	EV_INQUIRY_RESULT_RSSI = 0x22,       /* 7.7.33 */
	EV_EXTENDED_INQUIRY_RESULT = 0x2f,   /* 7.7.38 */
	EV_LE_META = 0x3e,                   /* 7.7.65 */
	EV_LE_ADVERTISING_REPORT = 0x02,     /* 7.7.65.2 */
	EV_LE_EXT_ADVERTISING_REPORT = 0x0d, /* 7.7.65.13 */
	EV_LE_SCAN_TIMEOUT = 0x11,           /* 7.7.65.17 */
};

/* Vol 1 Part F, 1.3 */
enum status {
	STATUS_OK = 0x00,
	STATUS_DISALLOWED = 0x0c,
	STATUS_UNANSWERED = 0xff, /* ours: no such code exists */
};

/* Each makes the next command of its topic the pending one: its length, 0 none now. None may be pending. */
size_t hcicommand_setup(struct hciscan *s, uint64_t now_ms);
size_t hcicommand_le(struct hciscan *s, uint64_t now_ms);
size_t hcicommand_inquiry(struct hciscan *s, uint64_t now_ms);
size_t hcicommand_name(struct hciscan *s, uint64_t now_ms);
/* What is still to be put back. */
size_t hcicommand_undo(struct hciscan *s, uint64_t now_ms);

#endif
