/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* cfi-monitor: what its programs and its Java share. Java names these fields; their layouts are compared at load. */
#ifndef CFI_MONITOR_H
#define CFI_MONITOR_H

#define CFI_FRAMES 48
#define CFI_ENTRIES 32		/* places that a stack may begin at */
#define CFI_OPENS 8		/* functions by which a task opens a file for itself */
#define CFI_SWITCHES 8
#define CFI_SYMBOLS 64		/* looked up, or put into words, at once */
#define CFI_SYMBOL 96		/* KERNEL_SYMBOL */
#define CFI_WINDOW (1 << 20)	/* bytes of kernel text that are read at once */
#define CFI_TOKENS 16		/* of so many sensors, a power of two */

/* What is watched; the index of its rule. Java's Sensor has the same order. */
enum cfi_sensor {
	CFI_COMMIT_CREDS = 0,
	CFI_PREPARE_KERNEL_CRED = 1,
	CFI_OVERRIDE_CREDS = 2,
	CFI_CALL_USERMODEHELPER = 3,
	CFI_SET_MEMORY_X = 4,
	CFI_SET_MEMORY_RW = 5,
	CFI_KALLSYMS_LOOKUP_NAME = 6,
	CFI_CREDENTIALS = 7,
	CFI_SWITCH = 8,
	CFI_TEXT_POKE = 9,
	CFI_TEXT_POKE_BP = 10,		/* until 6.15 */
	CFI_TEXT_POKE_SINGLE = 11,	/* since 6.16 */
	CFI_TEXT_POKE_COPY = 12,
	CFI_USERMODEHELPER = 13,
	CFI_SENSORS = 14,
};

enum cfi_finding {
	CFI_STACK = 1,		/* the stack pointer lies outside the task's stack */
	CFI_FOREIGN = 2,	/* called from outside the kernel's text and the text of modules that are trusted */
	CFI_SITE = 3,		/* called from within, from where no call is known */
	CFI_ENTRY = 4,		/* the stack does not lead to an entry of the kernel */
	CFI_ALTERED = 5,	/* credentials were written to in place */
	CFI_REPLACED = 6,	/* a task has other credentials than it last committed */
	CFI_SWAPPED = 7,	/* a task acts under credentials that are not its own, where that may not be */
	CFI_TURNING_OFF = 8,	/* somebody writes to a kill switch */
	CFI_SWITCHED_OFF = 9,		/* a kill switch is off */
	CFI_SWITCHED_ON = 10,		/* it is on again */
	CFI_LEARNT = 11,	/* no finding: a call site met while learning */
	CFI_SKIPPED = 12,	/* a task is in the function that did not come through its entry */
};

enum cfi_action {
	CFI_LOG = 0,
	CFI_BLOCK = 1,
	CFI_KILL = 2,
};

/* A sensor's rule. */
struct cfi_rule {
	__u64 address;		/* of the function; 0: none, or not watched */
	__u32 action;
	__u32 watched;
};

/*
 * The sensors behind a function's entry: one, and two while another takes its place. Each has a bit, in `live` here and in its cookie,
 * above the sensor's number.
 */
struct cfi_later {
	__u64 settled_ns;	/* boot time up to which some may be in the function who came before the last of them */
	__u32 live;
	__u32 witnessed;	/* 1: a kprobe sits at the entry, too */
};

#define CFI_COOKIE_SENSOR 0xff
#define CFI_COOKIE_SHIFT 8

/* A call site. */
struct cfi_site {
	__u64 sensor;
	__u64 place;		/* return address: in the kernel's text its distance from text_start, else itself */
};

struct cfi_range {
	__u64 start;
	__u64 end;		/* exclusive */
};

struct cfi_state {
	__u64 text_start;
	__u64 text_end;
	__u64 init_task;
	__u64 period_ns;
	__u64 sweeps;
	__u64 untracked;	/* tasks whose credentials found no room */
	__u64 left_out;		/* runs of entry sensors that the kernel left out, and a kprobe made up for */
	__u64 believed;		/* tasks behind an entry without a token, which may have come in unseen */
	__u32 armed;		/* 1: all programs run, so that what they have not seen did not happen */
	__u32 blind;		/* 1: trampolines are off, so that much happens unseen */
	__u32 learning;
	__u32 deny_switches;
	struct cfi_range entries[CFI_ENTRIES];
	struct cfi_range opens[CFI_OPENS];
	struct cfi_range opening;		/* the one function that all opens pass */
	__u64 switches[CFI_SWITCHES];		/* addresses of int or bool variables; 0: none */
	__u32 switch_size[CFI_SWITCHES];
	__u32 switch_on[CFI_SWITCHES];		/* the value that is right */
	__u32 switch_last[CFI_SWITCHES];
};

/* What is known of a task, by its address. */
struct cfi_task {
	__u64 cred;		/* real_cred as last committed or inherited */
	__u64 print;		/* of its contents */
	__u64 suspect;		/* another print or address, seen by the last walk */
	__u64 acting;		/* credentials that were told as not its own */
	__u64 was;		/* real_cred, from the entry of commit_creds until it is seen with what it commits; else 0 */
	__u64 was_until;	/* boot time up to which it may take to commit them */
	__u32 blocked;
	__u32 action;
	__u8 tokens[CFI_TOKENS];	/* by sensor: that it came through the entry, a bit for each sensor behind it; CFI_JUDGED */
	__u8 noted[CFI_TOKENS];		/* by sensor: enum cfi_finding of the kprobe at the entry, or 0 */
};

#define CFI_JUDGED 0x80		/* the entry's own sensor ran, too */

struct cfi_executable {
	__u64 inode;
	__u64 device;
};

/* struct garrison_event.type */
#define CFI_VIOLATION 1
#define CFI_MODULE 2

struct cfi_event {
	struct garrison_event header;
	__u64 address;		/* the caller's return address, or of the switch */
	__u64 stack_pointer;
	__u64 before;
	__u64 now;
	__u64 cgroup;
	__u64 exe_inode;
	__u64 exe_device;
	__u32 sensor;
	__u32 finding;
	__u32 action;		/* enum cfi_action, as taken */
	__u32 number;		/* of the switch */
	__u32 tgid;
	__u32 pid;
	__u32 uid;
	__u32 euid;
	char comm[16];
	char symbol[CFI_SYMBOL];	/* address as the kernel names it */
};

struct cfi_module_event {
	struct garrison_event header;
	__u64 base;		/* of its text */
	__u32 size;
	__u32 loaded;		/* 0: it goes */
	__u32 signature_ok;	/* 1: signed by a key that the kernel trusts */
	__u32 padding;
	char name[56];
};

#endif
