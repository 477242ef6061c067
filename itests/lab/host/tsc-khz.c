// SPDX-License-Identifier: Apache-2.0
/* Prints how fast this machine's time stamp counter runs, in kHz: an emulated guest's is the same. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
	uint64_t ticks;
	uint64_t ns;
};

/* Both clocks at one moment: of many pairs the closest, since we may be interrupted between the two. */
static struct moment now(void)
{
	struct moment best = {0};
	uint64_t closest = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		struct timespec time;
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &time);
		after = __rdtsc();
		if (after - before < closest) {
			closest = after - before;
			best.ticks = before + closest / 2;
			best.ns = (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	struct timespec pause = {.tv_nsec = 200000000};
	struct moment first = now(), second;

	nanosleep(&pause, NULL);
	second = now();
	printf("%.0f\n", (second.ticks - first.ticks) * 1e6 / (second.ns - first.ns));
	return 0;
}
