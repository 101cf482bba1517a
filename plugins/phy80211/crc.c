/* SPDX-License-Identifier: MIT */
/* The frame check sequence: CRC-32 (IEEE 802.11-2020 9.2.4.8), for every frame that carries one.
 *
 * That makes it the largest single cost of a data frame. Where the processor multiplies without carries, 64 octets are
 * folded at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009); elsewhere,
 * and for the rest, zlib does it. */
#include <zlib.h>

#include "dot11.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i x, __m128i k, __m128i next)
{
	__m128i lo = _mm_clmulepi64_si128(x, k, 0x00), hi = _mm_clmulepi64_si128(x, k, 0x11);

	return _mm_xor_si128(_mm_xor_si128(lo, hi), next);
}

static inline __attribute__((target("pclmul,sse4.1"))) __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The first len & ~15 octets, at least 64; returns the running CRC (without the final complement). */
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc_fold(const uint8_t *p, size_t len)
{
	const __m128i k12 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), k34 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	const __m128i k5 = _mm_set_epi64x(0, 0x163cd6124), poly = _mm_set_epi64x(0x1f7011641, 0x1db710641);
	const __m128i low = _mm_setr_epi32(-1, 0, -1, 0);
	__m128i a = load(p), b = load(p + 16), c = load(p + 32), d = load(p + 48), t;

	a = _mm_xor_si128(a, _mm_cvtsi32_si128(-1));
	for (p += 64, len -= 64; len >= 64; p += 64, len -= 64) {
		a = fold(a, k12, load(p));
		b = fold(b, k12, load(p + 16));
		c = fold(c, k12, load(p + 32));
		d = fold(d, k12, load(p + 48));
	}
	a = fold(a, k34, b);
	a = fold(a, k34, c);
	a = fold(a, k34, d);
	for (; len >= 16; p += 16, len -= 16)
		a = fold(a, k34, load(p));
	/* 128 -> 64 -> 32 bits, then Barrett reduction */
	t = _mm_clmulepi64_si128(a, k34, 0x10);
	a = _mm_xor_si128(_mm_srli_si128(a, 8), t);
	t = _mm_srli_si128(a, 4);
	a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low), k5, 0x00), t);
	t = _mm_clmulepi64_si128(_mm_and_si128(a, low), poly, 0x10);
	t = _mm_clmulepi64_si128(_mm_and_si128(t, low), poly, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, t), 1);
}

uint32_t crc32_ieee(const uint8_t *data, size_t len)
{
	uint32_t crc;
	size_t folded = len & ~(size_t)15;

	if (len < 64 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
		return (uint32_t)crc32_z(0, data, len);
	crc = crc_fold(data, folded);
	return folded == len ? ~crc : (uint32_t)crc32_z(~crc & 0xffffffffu, data + folded, len - folded);
}
#else
uint32_t crc32_ieee(const uint8_t *data, size_t len)
{
	return (uint32_t)crc32_z(0, data, len);
}
#endif
