/* SPDX-License-Identifier: MIT */
/* The table of address blocks. Expected values: the texts below are excerpts in the shape of the IEEE's public listings. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../blocks.h"

static const char *name_of(struct blocks *b, const char *mac)
{
	struct block *block;
	uint8_t m[6];
	unsigned v[6], i;

	cr_assert_eq(sscanf(mac, "%x:%x:%x:%x:%x:%x", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]), 6);
	for (i = 0; i < 6; i++)
		m[i] = (uint8_t)v[i];
	block = blocks_find(b, m);
	return block ? blocks_name(b, block) : "none";
}

static void load(struct blocks *b, const char *text, int added)
{
	memset(b, 0, sizeof *b);
	cr_assert_eq(blocks_add_text(b, text, strlen(text)), added);
	blocks_sort(b);
}

Test(blocks, the_longest_block_wins)
{
	struct blocks b;

	load(&b,
	     "Registry,Assignment,Organization Name,Organization Address\r\n"
	     "MA-L,70B3D5,IEEE Registration Authority,\"445 Hoes Lane, Piscataway\"\r\n"
	     "MA-S,70B3D5F2F,TELEPLATFORMS,Moscow\r\n"
	     "MA-M,741AE05,Private,\r\n"
	     "MA-L,F4BD9E,\"Cisco Systems, Inc\",\"80 West\nTasman\"\r\n"
	     "MA-L,000001,\"say \"\"hi\"\"\",x",
	     5);
	cr_assert_str_eq(name_of(&b, "70:b3:d5:f2:f1:23"), "TELEPLATFORMS");
	cr_assert_str_eq(name_of(&b, "70:b3:d5:f2:01:23"), "IEEE Registration Authority");
	cr_assert_str_eq(name_of(&b, "74:1a:e0:5f:ff:ff"), "Private");
	cr_assert_str_eq(name_of(&b, "74:1a:e0:6f:ff:ff"), "none");
	cr_assert_str_eq(name_of(&b, "f4:bd:9e:00:00:01"), "Cisco Systems, Inc");
	cr_assert_str_eq(name_of(&b, "00:00:01:00:00:01"), "say \"hi\"");
	blocks_done(&b);
}

Test(blocks, the_text_listing_and_manuf_files_are_read_too)
{
	struct blocks b;

	load(&b,
	     "OUI/MA-L                                                    Organization\n"
	     "00-22-72   (hex)\t\tAmerican Micro-Fuel Device Corp.\r\n"
	     "002272     (base 16)\t\tAmerican Micro-Fuel Device Corp.\r\n"
	     "\t\t\t\t2181 Buchanan Loop\r\n"
	     "# comment\n"
	     "00:00:0C\tCisco\tCisco Systems, Inc\n"
	     "00:1B:C5:00:00:00/36\tConverging\tConverging Systems Inc.\n"
	     "00:55:DA:0/28\tShort\n"
	     "AA:BB:CC  Own Name",
	     6);
	cr_assert_str_eq(name_of(&b, "00:22:72:00:00:00"), "American Micro-Fuel Device Corp.");
	cr_assert_str_eq(name_of(&b, "00:00:0c:00:00:00"), "Cisco Systems, Inc");
	cr_assert_str_eq(name_of(&b, "00:1b:c5:00:0f:ff"), "Converging Systems Inc.");
	cr_assert_str_eq(name_of(&b, "00:55:da:01:00:00"), "Short");
	cr_assert_str_eq(name_of(&b, "aa:bb:cc:00:00:00"), "Own Name");
	blocks_done(&b);
}

Test(blocks, the_first_of_two_owners_stays)
{
	struct blocks b = { 0 };

	cr_assert_eq(blocks_add(&b, "AA:BB:CC", 8, "mine", 4), 0);
	cr_assert_eq(blocks_add_text(&b, "AA:BB:CC\tother\n", 15), 1);
	blocks_sort(&b);
	cr_assert_str_eq(name_of(&b, "aa:bb:cc:dd:ee:ff"), "mine");
	blocks_done(&b);
}

Test(blocks, what_is_no_block_is_refused)
{
	struct blocks b = { 0 };

	cr_assert_eq(blocks_add(&b, "AA:BB", 5, "x", 1), -EINVAL);
	cr_assert_eq(blocks_add(&b, "AA:BB:CG", 8, "x", 1), -EINVAL);
	cr_assert_eq(blocks_add(&b, "AA:BB:CC", 8, "  ", 2), -EINVAL);
	cr_assert_eq(blocks_add(&b, "", 0, "x", 1), -EINVAL);
	cr_assert_eq(blocks_add(&b, "00112233445566778899", 20, "x", 1), -EINVAL);
	cr_assert_eq(blocks_add_text(&b, "Registry,Assignment\n\"", 21), 0);
	blocks_sort(&b);
	cr_assert_str_eq(name_of(&b, "aa:bb:cc:dd:ee:ff"), "none");
	blocks_done(&b);
}
