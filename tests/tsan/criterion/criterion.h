/* SPDX-License-Identifier: MIT */
/* A stand-in for criterion in TSan builds: the tests of a file run one after the other in one process. Criterion starts
 * each test in a process with shared memory at an address that TSan keeps for itself. Only what our threaded tests use. */
#ifndef TSAN_CRITERION_H
#define TSAN_CRITERION_H

#endif
