/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * attack NAME ARGUMENT...: exactly one attempt, through exactly the system call that its name says (but for calls.c, no attack).
 *
 * Exit status: 0 when every call went through, the errno of the call that was refused, BAD_SCENE when the attempt could
 * not even be made, BAD_USAGE. The refused call and its errno are also told on standard error.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <stddef.h>

#define BAD_SCENE 250
#define BAD_USAGE 251

/* What an attacker leaves behind in a file. */
#define BREACH "breach\n"

struct attack {
	const char *name;
	const char *arguments;	/* their names, separated by blanks; "..." at the end takes any number */
	int (*run)(char **argument);	/* 0, or what refused() returned */
};

/* One table per kind of attack, each ended by an empty row. */
extern const struct attack open_attacks[];
extern const struct attack held_attacks[];
extern const struct attack reach_attacks[];
extern const struct attack name_attacks[];
extern const struct attack attribute_attacks[];
extern const struct attack memory_attacks[];
extern const struct attack mount_attacks[];
extern const struct attack below_attacks[];
extern const struct attack uring_attacks[];
extern const struct attack kernel_attacks[];
extern const struct attack bpf_attacks[];
extern const struct attack token_attacks[];
extern const struct attack key_attacks[];
extern const struct attack net_attacks[];
extern const struct attack extension_attacks[];
extern const struct attack metadata_attacks[];
extern const struct attack content_attacks[];
extern const struct attack mixed_calls[];

/* The call that failed, errno still set: tells it and returns errno. */
int refused(const char *call);

/* Something that is not the attack itself failed: ends the program with BAD_SCENE. */
_Noreturn void bad_scene(const char *what);

/* Says "held" on standard output and waits for a line: by now the attacker holds what he was allowed to get. */
void hold(void);

/* Writes BREACH at the file's present position, closes it. 0, or what refused() returned. */
int write_breach(int fd, const char *call);

/* Copies the file to standard output, closes it. 0, or what refused() returned. */
int print_content(int fd);

/* Copies the names in a folder to standard output, closes it. 0, or what refused() returned. */
int print_names(int fd);

/* A mount namespace of one's own, from which nothing spreads; `more` as for unshare(2). */
void leave_mounts(int more);

/* The attempt is made by another process than this one. */
void tell_actor(int pid);

/* A file descriptor that must be had for the attempt to be made. */
int must_open(const char *path, int flags);

/* What the command line says, in this process. The program's exit status. */
int attack_main(int argc, char **argv);

/* Carries out requests from standard input until it ends: see serve.c. */
int serve(void);

#endif
