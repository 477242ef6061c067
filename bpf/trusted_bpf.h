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
	TRUSTED_BPF_OPEN_FILE = 8,	/* the runtime, or an interpreter, opened a file to read it */
	TRUSTED_BPF_WRITE_FILE = 9,	/* a file that the runtime consists of was to be written */
	TRUSTED_BPF_SIGNAL = 10,	/* the runtime was to be sent a signal; `command` says which */
	TRUSTED_BPF_LOAD_SIGNED = 11,	/* a loader's program was to be loaded without a signature of its own */
	TRUSTED_BPF_NET_ATTACH = 12,	/* netlink, iptables, tun and kcm attach programs without bpf(2), by a descriptor */
	TRUSTED_BPF_KEYCTL = 13,	/* keyctl(2) of our keyrings, their keys, or the keyring that keeps them; `command` says which */
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
	TRUSTED_BPF_REVOKED_DIGEST = 18,	/* good, but this file was revoked */
	TRUSTED_BPF_ENVIRONMENT = 19,	/* the runtime, but started with variables by which others may put code into it */
	TRUSTED_BPF_FOREIGN_FILE = 20,	/* the runtime, and a file in its place that is not one of those it was started from */
	TRUSTED_BPF_NO_SCRIPT = 21,	/* an interpreter that has not opened a signed script yet */
	TRUSTED_BPF_SCRIPT_OPTIONS = 22,	/* an interpreter, with options, or with no absolute path as its first argument */
	TRUSTED_BPF_SCRIPT_UNSIGNED = 23,	/* an interpreter, and what it opened is not signed */
	TRUSTED_BPF_PROGRAM_UNSIGNED = 24,	/* a trusted loader, and its BPF program has no signature */
	TRUSTED_BPF_PROGRAM_KIND = 25,	/* the BPF program is signed, but is no loader program (BPF_PROG_TYPE_SYSCALL) */
	TRUSTED_BPF_PROGRAM_KEYRING = 26,	/* the BPF program is signed, but was checked by another keyring than ours */
	TRUSTED_BPF_REVOKED_VERSION = 27,	/* good, but of a version that is trusted no more */
	TRUSTED_BPF_NO_TOKEN = 28,	/* a trusted loader, and it loads by its own privileges, not by a token */
	TRUSTED_BPF_TOKEN_CMDS = 29,	/* the token would delegate commands that the policy does not let it */
	TRUSTED_BPF_TOKEN_MAPS = 30,	/* likewise types of maps */
	TRUSTED_BPF_TOKEN_PROGS = 31,	/* likewise types of programs */
	TRUSTED_BPF_TOKEN_ATTACHS = 32,	/* likewise types of attachments */
};

#define TRUSTED_BPF_SIGNATURE_MAX 1023	/* with the release before it */

/*
 * What may stand before a signature, and is signed behind the digest: which program it is, and of which version. No signature
 * begins like it, for they begin with 0x30.
 */
#define TRUSTED_BPF_RELEASE_MAGIC 0x657361656c655247ULL	/* "GRelease", first byte first */
#define TRUSTED_BPF_RELEASE_NAME 20

struct trusted_bpf_release {
	__u64 magic;
	__u32 version;	/* little-endian, as the magic is */
	char name[TRUSTED_BPF_RELEASE_NAME];	/* filled up with 0 */
};

/* What the policy's map holds. */
enum trusted_bpf_kind {
	TRUSTED_BPF_KEYRINGS = 1,	/* all other members 0: the serials of our keyrings */
	TRUSTED_BPF_EXCEPTION = 2,	/* who may do something without being trusted */
	TRUSTED_BPF_DIGEST_REVOKED = 3,	/* a file that is trusted no more; its digest's first 20 bytes lie in the other members */
	TRUSTED_BPF_MINIMUM = 4,	/* the least version of a name; the name lies in the other members, all 0 for any other name */
	TRUSTED_BPF_GUARDED_KEY = 5,	/* a key on which others than the runtime may not do everything; its serial is the inode */
	TRUSTED_BPF_AUDITED = 6,	/* all other members 0: what strangers are told of for, and not refused */
	TRUSTED_BPF_TOKEN_LIMIT = 7,	/* what a BPF token may delegate of a kind (enum trusted_bpf_limit), which is `more`; no entry: all */
};

/* What a token delegates, as the mount options delegate_* have it. */
enum trusted_bpf_limit {
	TRUSTED_BPF_LIMIT_CMDS = 0,
	TRUSTED_BPF_LIMIT_MAPS = 1,
	TRUSTED_BPF_LIMIT_PROGS = 2,
	TRUSTED_BPF_LIMIT_ATTACHS = 3,
};

#define TRUSTED_BPF_ANY_UID 0xffffffffU	/* the one number that is no uid */

struct trusted_bpf_key {
	__u64 inode;		/* the executable's; 0 for any; DIGEST_REVOKED, MINIMUM: bytes 0-7; GUARDED_KEY: the serial */
	__u32 kind;
	__u32 device;		/* the super block's, kernel encoding; 0 for any; DIGEST_REVOKED, MINIMUM: bytes 8-11 */
	__u32 uid;		/* TRUSTED_BPF_ANY_UID for any; EXCEPTION only; DIGEST_REVOKED, MINIMUM: bytes 12-15 */
	__u32 more;		/* 0; DIGEST_REVOKED, MINIMUM: bytes 16-19; TOKEN_LIMIT: of what kind */
};

/* EXCEPTION: bits of `allowed` from here on are the acts other than bpf(2), whose commands are the bits below. */
#define TRUSTED_BPF_ALLOW_ACT 56
#define TRUSTED_BPF_ALLOW_NET_ATTACH 62	/* whose number has no room there */

struct trusted_bpf_value {
	/* EXCEPTION, AUDITED: bit n: command n of bpf(2) is allowed; TRUSTED_BPF_ALLOW_ACT + act. GUARDED_KEY: bit n: operation n of keyctl(2) is not; TOKEN_LIMIT: bit n: number n of the kind's enum may be delegated */
	__u64 bits;
	__u32 generation;	/* the executable's inode's; 0 is not compared */
	__s32 good;		/* KEYRINGS: signatures by a key in it are taken */
	__s32 expired;		/* KEYRINGS: certificates that have run out; 0 for none */
	__s32 revoked;		/* KEYRINGS: certificates that were revoked; 0 for none */
	__s32 interpreters;	/* KEYRINGS: signatures by a key in it make an interpreter; 0 for none */
	__u32 minimum;		/* MINIMUM: the least version that is trusted */
};

/* A file as the kernel tells it from all others. Before 6.8 the list of loaders and their signatures has it as its key. */
struct trusted_bpf_file {
	__u64 inode;
	__u32 device;
	__u32 generation;
};

struct trusted_bpf_signature {
	__u32 length;
	__u32 reserved;
	__u8 bytes[1024 + 32];	/* so much room that a release before the signature needs no other bound */
};

/* What a file of the runtime's is; the value of the map `own_files`. */
#define TRUSTED_BPF_OWN_FILE 1		/* of what it consists, or what it wrote itself */
#define TRUSTED_BPF_OWN_PROGRAM 2	/* the Java program that it is */

#define TRUSTED_BPF_PATH 256
#define TRUSTED_BPF_PLACES 4
#define TRUSTED_BPF_ARGUMENTS 8192

/*
 * How the runtime was started, and may be started again.
 */
struct trusted_bpf_runtime {
	__u32 argc;
	__u32 length;		/* of the arguments; 0: nothing is the runtime but the process that runs it now */
	__u32 executable_length;	/* its 0 included */
	__u32 place_lengths[TRUSTED_BPF_PLACES];	/* their 0 not included; 0: there is none */
	__u32 reserved;
	char executable[TRUSTED_BPF_PATH];
	char places[TRUSTED_BPF_PLACES][TRUSTED_BPF_PATH];	/* folders with a slash at their end; what is read there must be its own */
	char arguments[TRUSTED_BPF_ARGUMENTS];	/* each with its 0, as in /proc/PID/cmdline */
};

/* struct garrison_event.type; all are a struct trusted_bpf_event */
#define TRUSTED_BPF_USE 1	/* what only trusted processes may do was tried by another one */
#define TRUSTED_BPF_TRUST 2	/* a process came to be trusted, did not although signed, or lost it */
#define TRUSTED_BPF_CLOSED 3	/* the gate was asked for the first time, or refuses for the first time since what was loaded before it is to be removed */

struct trusted_bpf_event {
	struct garrison_event header;
	__u64 exe_inode;	/* the process's program; 0 for none */
	__u64 cgroup;
	__u32 exe_device;
	__u32 act;		/* enum trusted_bpf_act */
	__u32 command;		/* of bpf(2); SIGNAL: the signal; KEYCTL: the operation; TRUSTED_BPF_CLOSED: 1 if what was loaded before is to go now */
	__u32 reason;		/* enum trusted_bpf_reason */
	__s32 error;		/* the kernel's word on the signature, a negative errno; 0 for none */
	__s32 verdict;		/* 0, or the negative errno that was returned */
	__u32 mode;		/* enum garrison_mode */
	__u32 tgid;
	__u32 pid;		/* the thread */
	__u32 uid;
	__u32 gid;
	__u32 other;		/* TRACE, SIGNAL: the process that it was meant for; else 0 */
	char comm[16];
};

#endif
