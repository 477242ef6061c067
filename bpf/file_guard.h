/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* file-guard: what its programs and its Java share. The Java side names these fields; a test compares the layouts. */
#ifndef FILE_GUARD_H
#define FILE_GUARD_H

/* What a rule covers: a set of these bits. */
enum file_guard_operation {
	FILE_GUARD_READ = 1 << 0,
	FILE_GUARD_WRITE = 1 << 1,
	FILE_GUARD_CREATE = 1 << 2,
	FILE_GUARD_DELETE = 1 << 3,
	FILE_GUARD_RENAME = 1 << 4,
	FILE_GUARD_LINK = 1 << 5,
	FILE_GUARD_ATTRIBUTES = 1 << 6,
	FILE_GUARD_EXECUTE = 1 << 7,
	FILE_GUARD_MOUNT = 1 << 8,
	/* Of a FILESYSTEM only: it is that of a type, which has TYPE entries. */
	FILE_GUARD_TYPED = 1 << 12,
	/* Of a FILESYSTEM only: it has NAME entries. */
	FILE_GUARD_NAMES = 1 << 13,
	/* Of a FILESYSTEM only: it has ABOVE entries. */
	FILE_GUARD_LEADS = 1 << 14,
	/* Set in every value: acts that end the protection itself are covered by every rule. */
	FILE_GUARD_ALWAYS = 1 << 15,
};

/* The hook that saw the act. */
enum file_guard_hook {
	FILE_GUARD_FILE_OPEN = 1,
	FILE_GUARD_PATH_TRUNCATE = 2,
	FILE_GUARD_FILE_TRUNCATE = 3,
	FILE_GUARD_INODE_CREATE = 4,
	FILE_GUARD_INODE_MKDIR = 5,
	FILE_GUARD_INODE_MKNOD = 6,
	FILE_GUARD_INODE_SYMLINK = 7,
	FILE_GUARD_INODE_LINK = 8,
	FILE_GUARD_INODE_UNLINK = 9,
	FILE_GUARD_INODE_RMDIR = 10,
	FILE_GUARD_INODE_RENAME = 11,
	FILE_GUARD_INODE_SETATTR = 12,
	FILE_GUARD_INODE_SETXATTR = 13,
	FILE_GUARD_INODE_REMOVEXATTR = 14,
	FILE_GUARD_INODE_SET_ACL = 15,
	FILE_GUARD_INODE_REMOVE_ACL = 16,
	FILE_GUARD_INODE_FILE_SETATTR = 17,
	FILE_GUARD_FILE_IOCTL = 18,
	FILE_GUARD_MMAP_FILE = 19,
	FILE_GUARD_FILE_MPROTECT = 20,
	FILE_GUARD_BPRM_CHECK_SECURITY = 21,
	FILE_GUARD_SB_MOUNT = 22,
	FILE_GUARD_MOVE_MOUNT = 23,
	FILE_GUARD_SB_PIVOTROOT = 24,
	FILE_GUARD_FILE_PERMISSION = 25,
};

/*
 * The whole policy is one hash map, so that it is replaced as one. Its keys:
 *
 *	FILESYSTEM	device			the operations that any rule for an object on it covers
 *	FILESYSTEM	type			those that any rule for all of its type covers
 *	OBJECT		device, inode, page	a protected object or a tree's root
 *	ABOVE		device, inode, page	a directory that leads to a protected place, or a tree's root
 *	SUBJECT		rule, executable, uid	may do what the rule refuses to others
 *	TERM		rule, number		so may who meets all terms up to the next that is the last of its entry
 *	NAME		directory, hash, page	a name in it that a rule knows, whatever file has it
 *	DEVICE		device, page		a block device that protected objects lie on
 *	SIEVE		device, half		which inodes on it have OBJECT or ABOVE entries, perhaps
 *	OWNER		rule			it covers only what this uid owns
 *	RATE		rule			how many of its events are told in a second
 *	TYPE		type, page		a type of file systems of which all are protected
 *
 * A directory with NAME entries has an OBJECT entry that says so, with no operations.
 */
enum file_guard_kind {
	FILE_GUARD_FILESYSTEM = 1,
	FILE_GUARD_OBJECT = 2,
	FILE_GUARD_ABOVE = 3,
	FILE_GUARD_SUBJECT = 4,
	FILE_GUARD_TERM = 5,
	FILE_GUARD_NAME = 6,
	FILE_GUARD_DEVICE = 7,
	FILE_GUARD_SIEVE = 8,
	FILE_GUARD_OWNER = 9,
	FILE_GUARD_RATE = 10,
	FILE_GUARD_TYPE = 11,
};

#define FILE_GUARD_TYPE_PART 32	/* bytes of a type's name, and of a subtype's, that count, NULs included */

#define FILE_GUARD_ANY_UID 0xffffffffU	/* the one number that is no uid */

struct file_guard_key {
	__u32 kind;
	__u32 number;	/* OBJECT, ABOVE, NAME, DEVICE, TYPE: page, from 0, one for each rule; SUBJECT, OWNER, RATE: rule; SIEVE: half */
	__u64 inode;	/* OBJECT: 0 for one that no name leads to; NAME: the directory's; SUBJECT: the executable's, 0 for any; TERM: its number; TYPE, FILESYSTEM of a type: its hash */
	__u32 device;	/* the super block's, kernel encoding; SUBJECT: the executable's, 0 for any; DEVICE: its own */
	__u32 uid;	/* SUBJECT: FILE_GUARD_ANY_UID for any; NAME: the low half of its hash; else 0 */
};

/* What of an OBJECT the rule protects. */
enum file_guard_coverage {
	FILE_GUARD_SELF = 1 << 0,	/* just this object */
	FILE_GUARD_TREE = 1 << 1,	/* it and everything below */
	FILE_GUARD_NAMED = 1 << 2,	/* of a NAME: whatever has it; of an OBJECT: it is a directory with NAME entries */
};

/* What more there is to know of a rule. */
enum file_guard_traits {
	FILE_GUARD_ENFORCED = 1 << 0,		/* else AUDIT, whatever the plugin's mode */
	FILE_GUARD_BY_EXECUTABLE = 1 << 1,	/* it has SUBJECT entries of executables, */
	FILE_GUARD_BY_UID = 1 << 2,		/* of uids, */
	FILE_GUARD_BY_BOTH = 1 << 3,		/* of executables run by a uid */
	FILE_GUARD_BY_TERMS = 1 << 4,		/* it has TERM entries */
	FILE_GUARD_KILLS = 1 << 5,		/* whom it refuses something is killed */
	FILE_GUARD_BY_OWNER = 1 << 6,		/* it has an OWNER entry */
	FILE_GUARD_RATED = 1 << 7,		/* it has a RATE entry */
};

/* What a TERM asks for. */
enum file_guard_term_kind {
	FILE_GUARD_TERM_EXECUTABLE = 1,	/* the program's inode is the value, its device `more` */
	FILE_GUARD_TERM_GENERATION = 2,	/* the program's inode has this generation */
	FILE_GUARD_TERM_UID = 3,
	FILE_GUARD_TERM_GID = 4,
	FILE_GUARD_TERM_CGROUP = 5,	/* the cgroup of the value, which lies `more` levels below the root, or one below it */
	FILE_GUARD_TERM_UNTIL = 6,	/* the boot clock is before the value, ns */
	FILE_GUARD_TERM_ANCESTOR = 7,	/* a process above runs the inode that is the value, on the device `more` */
	FILE_GUARD_TERM_ANCESTOR_GENERATION = 8,	/* the nearest that the term before found has this generation */
	FILE_GUARD_TERM_VERITY_ALGORITHM = 9,	/* the program was sealed by fs-verity with this FS_VERITY_HASH_ALG_*, */
	FILE_GUARD_TERM_VERITY_WORD = 10,	/* and bytes 8 * `more` on of its digest are the value (little-endian) */
};

/* bits of file_guard_term.place */
#define FILE_GUARD_TERM_LAST (1 << 0)	/* of its entry */
#define FILE_GUARD_TERM_END (1 << 1)	/* and of the rule */

/* The value of a TERM: as large as any. */
struct file_guard_term {
	__u64 value;
	__u32 more;
	__u16 kind;	/* enum file_guard_term_kind */
	__u16 place;	/* FILE_GUARD_TERM_LAST, FILE_GUARD_TERM_END */
};

/* The value of a RATE. */
struct file_guard_rate {
	__u32 limit;	/* events told in a second of the boot clock */
	__u32 second;	/* the last one in which any was, */
	__u32 told;	/* how many were asked for in it */
	__u32 untold;	/* and how many were not told, since the policy came into force */
};

/* The value of a SIEVE: bits, one of all halves for each inode, which may share it with others. */
struct file_guard_sieve {
	__u64 words[2];
};

#define FILE_GUARD_SIEVE_WORDS 4	/* of all halves */

/* What one rule says of one object; of a FILESYSTEM only the operations count, of a SUBJECT the generation, of an OWNER the uid. */
struct file_guard_value {
	__u32 generation;	/* the inode's; 0 is not compared; of a NAME the high half of its hash; of an OWNER the uid */
	__u32 rule;		/* unique over all policies of a run */
	__u16 operations;	/* enum file_guard_operation */
	__u8 coverage;		/* enum file_guard_coverage */
	__u8 traits;		/* enum file_guard_traits */
	__u32 more;		/* 1 when the next page holds another rule for this object */
};

/* struct garrison_event.type */
#define FILE_GUARD_ACCESS 1

/* bits of file_guard_event.cut */
#define FILE_GUARD_CUT_NAMES (1 << 0)
#define FILE_GUARD_CUT_OTHER (1 << 1)
#define FILE_GUARD_CUT_MOUNTS (1 << 2)

/* A process on the way up from the acting one. */
struct file_guard_ancestor {
	__u32 tgid;		/* 0: there is none */
	char comm[16];		/* of the thread that started the next */
};

#define FILE_GUARD_ANCESTORS 8

struct file_guard_event {
	struct garrison_event header;
	__u64 object_inode;	/* what was acted on; 0 when it does not exist yet */
	__u64 matched_inode;	/* the place that the rule names: the object, or a directory above; 0: no name leads to the object */
	__u64 exe_inode;	/* the acting program; 0 for a kernel thread */
	__u64 cgroup;
	__u32 device;		/* of object and place */
	__u32 exe_device;
	__u32 rule;
	__u32 operation;	/* what was tried: one or more of enum file_guard_operation */
	__u32 hook;		/* enum file_guard_hook */
	__s32 verdict;		/* 0, or the negative errno that was returned */
	__u32 mode;		/* enum garrison_mode: the weaker of the plugin's and the rule's */
	__u32 tgid;
	__u32 pid;		/* the thread */
	__u32 uid;		/* fsuid and fsgid: those that the kernel uses for files */
	__u32 gid;
	__u32 names_length;	/* bytes of the object's path in names */
	__u32 other_length;	/* bytes of the second path, of rename and link, after it */
	__u32 mounts_length;	/* bytes of the path from the process's root to the mount that the object was reached through, after that */
	__s32 seen;		/* names of the object's path that lie below that mount, or the process's root; -1: not known */
	__s32 depth;		/* names below the matched place; -1 when no name leads to it */
	__u32 second;		/* 1 when depth counts names of the second path, else 0 */
	__u32 cut;		/* FILE_GUARD_CUT_*: the names nearest to the root are missing */
	__u32 killed;		/* 1 when the process was sent SIGKILL */
	__u32 limited;		/* 1 when the rule tells no more in this second */
	char comm[16];
	struct file_guard_ancestor ancestors[FILE_GUARD_ANCESTORS];	/* the parent first */
	char names[];		/* of each path the names from the last up to the file system's root, a NUL after each */
};

#endif
