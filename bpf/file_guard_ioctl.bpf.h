/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The ioctls that matter to file-guard, by number. */
#ifndef FILE_GUARD_IOCTL_BPF_H
#define FILE_GUARD_IOCTL_BPF_H

#include "file_guard_policy.bpf.h"

/* What an ioctl does to the file it is called on, as far as it concerns us. Numbers as in linux/fs.h and the file systems'. */
static __always_inline __u32 guard_ioctl_act(__u32 command)
{
	switch (command) {
	case 0x40047602: /* FS_IOC32_SETVERSION */
	case 0x40087602: /* FS_IOC_SETVERSION: the generation, by which the policy knows the inode */
	case 0x40046604: /* EXT4_IOC32_SETVERSION */
	case 0x40086604: /* EXT4_IOC_SETVERSION */
		return FILE_GUARD_ATTRIBUTES | FILE_GUARD_ALWAYS;
	case 0x40046602: /* FS_IOC32_SETFLAGS */
	case 0x40086602: /* FS_IOC_SETFLAGS */
	case 0x401c5820: /* FS_IOC_FSSETXATTR */
	case 0x40806685: /* FS_IOC_ENABLE_VERITY */
	case 0x800c6613: /* FS_IOC_SET_ENCRYPTION_POLICY */
		return FILE_GUARD_ATTRIBUTES;
	case 0x6611: /* EXT4_IOC_SWAP_BOOT: the contents go to an inode by which any other file gets them, and the generation changes */
		return FILE_GUARD_READ | FILE_GUARD_WRITE | FILE_GUARD_ALWAYS;
	case 0xc028660f: /* EXT4_IOC_MOVE_EXT */
	case 0xc0c0586d: /* XFS_IOC_SWAPEXT */
	case 0x40285881: /* XFS_IOC_EXCHANGE_RANGE */
		return FILE_GUARD_READ | FILE_GUARD_WRITE;
	case 0x40049409: /* FICLONE */
	case 0x4020940d: /* FICLONERANGE */
	case 0x40305828: /* FS_IOC_RESVSP */
	case 0x40305829: /* FS_IOC_UNRESVSP */
	case 0x4030582a: /* FS_IOC_RESVSP64 */
	case 0x4030582b: /* FS_IOC_UNRESVSP64 */
	case 0x40305839: /* FS_IOC_ZERO_RANGE */
	case 0x402c5828: /* the same five of 32-bit programs */
	case 0x402c5829:
	case 0x402c582a:
	case 0x402c582b:
	case 0x402c5839:
		return FILE_GUARD_WRITE;
	case 0xc0189436: /* FIDEDUPERANGE tells whether this file's contents are what the caller guesses */
		return FILE_GUARD_READ;
	default:
		return 0;
	}
}

#endif
