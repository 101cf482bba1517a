/* SPDX-License-Identifier: MIT */
/* The least that reading a capture can cost: pcap_next_ex() over a file, each octet of a header touched once. What
 * `make bench` measures the host against. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const u_char *data;
	uint64_t packets = 0, octets = 0, sum = 0;
	pcap_t *p;
	int r;

	if (argc != 2) {
		fputs("usage: pcap_loop FILE\n", stderr);
		return 2;
	}
	p = pcap_open_offline(argv[1], error);
	if (!p) {
		fprintf(stderr, "pcap_loop: %s\n", error);
		return 1;
	}
	while ((r = pcap_next_ex(p, &head, &data)) == 1) {
		packets++;
		octets += head->caplen;
		if (head->caplen)
			sum += data[0];
	}
	if (r != PCAP_ERROR_BREAK)
		fprintf(stderr, "pcap_loop: %s\n", pcap_geterr(p));
	pcap_close(p);
	printf("packets=%" PRIu64 " octets=%" PRIu64 " sum=%" PRIu64 "\n", packets, octets, sum);
	return r == PCAP_ERROR_BREAK ? 0 : 1;
}
