/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* trusted-bpf: what its programs and its Java share. The Java side names these fields; a test compares the layouts. */
#ifndef TRUSTED_BPF_H
#define TRUSTED_BPF_H

/* What a process did. */
enum trusted_bpf_act {
	TRUSTED_BPF_CALL = 1,		/* bpf(2); `command` says which */
	TRUSTED_BPF_PERF_ATTACH = 2,	/* PERF_EVENT_IOC_SET_BPF */
	TRUSTED_BPF_SOCKET_ATTACH = 3,	/* SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_EBPF */
	TRUSTED_BPF_RECEIVE = 4,	/* a BPF descriptor through a socket or pidfd_getfd(2) */
	TRUSTED_BPF_TRACE = 5,		/* access to a trusted process as ptrace(2) has it; also pidfd_getfd, process_vm_writev */
	TRUSTED_BPF_EXEC = 6,		/* a program with a signature was started */
	TRUSTED_BPF_MAP_FILE = 7,	/* a trusted process mapped a file to be executed */
};

/* Why a process is not trusted. */
enum trusted_bpf_reason {
	TRUSTED_BPF_TRUSTED = 0,
	TRUSTED_BPF_UNSIGNED = 1,	/* its program has no signature, or was started before the gate was there */
	TRUSTED_BPF_NO_VERITY = 2,	/* signed, but the file is not sealed by fs-verity */
	TRUSTED_BPF_NO_VERITY_HERE = 3,	/* signed, but its file system knows no fs-verity */
	TRUSTED_BPF_WRONG_KEY = 4,	/* signed by nobody we know */
	TRUSTED_BPF_ALTERED = 5,	/* the signature is that of other contents, or was altered itself */
	TRUSTED_BPF_MALFORMED = 6,	/* the signature is none */
	TRUSTED_BPF_TOO_LONG = 7,	/* the signature exceeds TRUSTED_BPF_SIGNATURE_MAX */
	TRUSTED_BPF_EXPIRED = 8,	/* good, by a certificate that has run out */
	TRUSTED_BPF_REVOKED = 9,	/* good, by a certificate that was revoked */
	TRUSTED_BPF_UNREADABLE = 10,	/* the file may not be read by who runs it */
	TRUSTED_BPF_NO_KEYRING = 11,	/* our keyring is gone */
	TRUSTED_BPF_TRACED = 12,	/* started under a tracer */
	TRUSTED_BPF_SCRIPT = 13,	/* started through a script: what runs is the interpreter's argument */
	TRUSTED_BPF_WAS_TRACED = 14,	/* was trusted until a process that is not got hold of it */
	TRUSTED_BPF_MAPPED = 15,	/* was trusted until it mapped an unsigned file to be executed */
	TRUSTED_BPF_DIGEST = 16,	/* the file's digest is of a kind that is not taken */
	TRUSTED_BPF_FAILED = 17,	/* anything else; `error` is the kernel's word */
};

#define TRUSTED_BPF_SIGNATURE_MAX 1023

/* What the policy's map holds. */
enum trusted_bpf_kind {
	TRUSTED_BPF_KEYRINGS = 1,	/* all other members 0: the serials of our keyrings */
	TRUSTED_BPF_EXCEPTION = 2,	/* who may do something without being trusted */
};

#define TRUSTED_BPF_ANY_UID 0xffffffffU	/* the one number that is no uid */

struct trusted_bpf_key {
	__u64 inode;		/* the executable's; 0 for any */
	__u32 kind;
	__u32 device;		/* the super block's, kernel encoding; 0 for any */
	__u32 uid;		/* TRUSTED_BPF_ANY_UID for any; of KEYRINGS 0 */
	__u32 reserved;
};

/* EXCEPTION: bits of `allowed` from here on are the acts other than bpf(2), whose commands are the bits below. */
#define TRUSTED_BPF_ALLOW_ACT 56

struct trusted_bpf_value {
	__u64 allowed;		/* EXCEPTION: bit n: command n of bpf(2); TRUSTED_BPF_ALLOW_ACT + act */
	__u32 generation;	/* the executable's inode's; 0 is not compared */
	__s32 good;		/* KEYRINGS: signatures by a key in it are taken */
	__s32 expired;		/* KEYRINGS: certificates that have run out; 0 for none */
	__s32 revoked;		/* KEYRINGS: certificates that were revoked; 0 for none */
};

/* Before 6.8: a file that may be a loader, and its signature. */
struct trusted_bpf_file {
	__u64 inode;
	__u32 device;
	__u32 generation;
};

struct trusted_bpf_signature {
	__u32 length;
	__u32 reserved;
	__u8 bytes[1024];
};

/* struct garrison_event.type; both are a struct trusted_bpf_event */
#define TRUSTED_BPF_USE 1	/* what only trusted processes may do was tried by another one */
#define TRUSTED_BPF_TRUST 2	/* a process came to be trusted, did not although signed, or lost it */

struct trusted_bpf_event {
	struct garrison_event header;
	__u64 exe_inode;	/* the process's program; 0 for none */
	__u64 cgroup;
	__u32 exe_device;
	__u32 act;		/* enum trusted_bpf_act */
	__u32 command;		/* of bpf(2) */
	__u32 reason;		/* enum trusted_bpf_reason */
	__s32 error;		/* the kernel's word on the signature, a negative errno; 0 for none */
	__s32 verdict;		/* 0, or the negative errno that was returned */
	__u32 mode;		/* enum garrison_mode */
	__u32 tgid;
	__u32 pid;		/* the thread */
	__u32 uid;
	__u32 gid;
	__u32 other;		/* TRACE: the process that was to be traced; else 0 */
	char comm[16];
};

#endif
