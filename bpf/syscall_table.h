/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* syscall-table: what its programs and its Java share. Java names these fields; their layouts are compared at load. */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#define SYSCALL_TABLE_PAGE_WORDS 512	/* of 8 bytes: what is read at once */
#define SYSCALL_TABLE_PAGES 32
#define SYSCALL_TABLE_REGIONS 1024
#define SYSCALL_TABLE_SMALL 4		/* words; a region of just so many may begin anywhere in a page, others at its start */
#define SYSCALL_TABLE_BYTES 128		/* of a region, in an event */
#define SYSCALL_TABLE_SYMBOL 96	/* KERNEL_SYMBOL */
#define SYSCALL_TABLE_NAME 64

/* What a region of kernel memory is. */
enum syscall_table_area {
	SYSCALL_TABLE_TABLE = 1,	/* a system call table; number: its first entry's */
	SYSCALL_TABLE_HANDLER = 2,	/* first bytes of a system call's handler; number: the call's */
	SYSCALL_TABLE_CODE = 3,		/* text that dispatches; number: index into Java's list */
	SYSCALL_TABLE_PARAMETER = 4,	/* a string; number: index into Java's list */
	SYSCALL_TABLE_OPERATIONS = 5,	/* function pointers; number: index into Java's list */
};

/* One piece of kernel memory, of at most one page of ours. */
struct syscall_table_region {
	__u64 address;
	__u32 page;		/* where its words are kept */
	__u32 offset;		/* words into that page; a multiple of SYSCALL_TABLE_SMALL, 0 unless it is small */
	__u32 words;		/* a multiple of SYSCALL_TABLE_SMALL */
	__u32 area;
	__u32 number;
	__u32 start;		/* words into the whole, for code of several pages */
};

struct syscall_table_page {
	__u64 words[SYSCALL_TABLE_PAGE_WORDS];
};

/* How the checks go on. Kept from run to run. */
struct syscall_table_state {
	__u64 text_start;
	__u64 text_end;
	__u64 modules;		/* the kernel's list of modules; 0: not known */
	__u64 module_set;	/* and its set of their objects in sysfs */
	__u64 tracers;		/* ftrace_ops_list */
	__u64 tracers_end;
	__u64 period_ns;
	__u64 last_ns;		/* the last check's start, boot time */
	__u64 checks;
	__u64 by_timer;
	__u64 unreadable;	/* regions that could not be read, since the start */
	__u64 longest_ns;
	__u64 total_ns;
	__u64 round;		/* of the walks over modules and tracers */
	__u32 regions;
	__u32 locked;		/* 1: the first reading is made */
	__u32 busy;
	__u32 again;		/* 1: look once more soon */
	__u32 soon;		/* 1: the timer rings in a moment anyway */
	__u32 unsettled;	/* bit 0: code was met in this round that is just being patched; bit 1: in the one before */
};

/* What is on a list of the kernel's, by address. */
struct syscall_table_listed {
	__u64 round;		/* when it was last met */
	__u32 missed;
	__u32 told;
	char name[56];
};

/* struct garrison_event.type */
#define SYSCALL_TABLE_MEMORY 1
#define SYSCALL_TABLE_ALTERATION 2

struct syscall_table_memory_event {
	struct garrison_event header;
	__u64 address;		/* of the first word that differs */
	__u64 leads_to;		/* what the pointer or branch leads to now; 0 if it is none */
	__u32 area;
	__u32 number;		/* of the region; of a table the entry's */
	__u32 word;		/* of the region's whole */
	__u32 restored;		/* 1: all of the region is as at the first reading */
	char first[SYSCALL_TABLE_BYTES];
	char before[SYSCALL_TABLE_BYTES];
	char now[SYSCALL_TABLE_BYTES];
	char owner[SYSCALL_TABLE_SYMBOL];	/* leads_to as the kernel names it */
};

enum syscall_table_action {
	SYSCALL_TABLE_BPF = 1,
	SYSCALL_TABLE_SOCKET_FILTER = 2,
	SYSCALL_TABLE_MODULE_LOAD = 3,
	SYSCALL_TABLE_MODULE_UNLOAD = 4,
	SYSCALL_TABLE_MODULE_HIDDEN = 5,
	SYSCALL_TABLE_MODULE_SHOWN = 6,
	SYSCALL_TABLE_KPROBE_REGISTER = 7,
	SYSCALL_TABLE_KPROBE_UNREGISTER = 8,
	SYSCALL_TABLE_KPROBE_ENABLE = 9,
	SYSCALL_TABLE_KPROBE_DISABLE = 10,
	SYSCALL_TABLE_UPROBE_REGISTER = 11,
	SYSCALL_TABLE_UPROBE_UNREGISTER = 12,
	SYSCALL_TABLE_FTRACE_REGISTER = 13,
	SYSCALL_TABLE_FTRACE_UNREGISTER = 14,
	SYSCALL_TABLE_PTRACE_ACCESS = 15,
	SYSCALL_TABLE_PTRACE_TRACEME = 16,
	SYSCALL_TABLE_PTRACE_ALTER = 17,
	SYSCALL_TABLE_SYSCTL_WRITE = 18,
	SYSCALL_TABLE_SYSCTL_READ = 19,
};

struct syscall_table_alteration_event {
	struct garrison_event header;
	__u64 cgroup;
	__u64 capabilities;	/* effective */
	__u64 address;		/* of the kernel object */
	__u64 id;		/* BPF: the map's, program's or link's; uprobe: the inode; ptrace: the address */
	__u64 helpers[4];	/* BPF_PROG_LOAD: the helpers it calls, by number */
	__u32 action;		/* enum syscall_table_action */
	__u32 command;		/* bpf command, socket option, ptrace request, ptrace mode */
	__u32 kind;		/* BPF: type of the map, program or link; socket family; module taints */
	__u32 other;		/* other process, device */
	__s32 result;
	__u32 has_result;
	__u32 tgid;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	char comm[16];
	char name[SYSCALL_TABLE_NAME];		/* of what is acted upon */
	char owner[SYSCALL_TABLE_SYMBOL];	/* the handler of a probe or tracer, as the kernel names it; the module's file */
	char old_value[SYSCALL_TABLE_BYTES];
	char new_value[SYSCALL_TABLE_BYTES];
};

#endif
