/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Keyrings by which others check signatures: to put a key of one's own into one, or to take it away. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef KEYCTL_MOVE
#define KEYCTL_MOVE 30
#endif

#define ALL_RIGHTS 0x3f3f3f3f

/* Gives itself all rights to a keyring (0: to a new one of its own), and adds a certificate to it. */
static int run_plant(char **argument)
{
	static char certificate[8192];
	int fd = must_open(argument[1], O_RDONLY);
	ssize_t length = read(fd, certificate, sizeof(certificate));
	long keyring = atol(argument[0]);

	if (length <= 0)
		bad_scene(argument[1]);
	if (!keyring)
		keyring = syscall(SYS_add_key, "keyring", "planted", NULL, 0, KEY_SPEC_PROCESS_KEYRING);
	else if (syscall(SYS_keyctl, KEYCTL_LINK, keyring, KEY_SPEC_PROCESS_KEYRING) && errno != EACCES && errno != EPERM)
		bad_scene("keyctl");
	if (keyring < 0)
		bad_scene("add_key");
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, ALL_RIGHTS))
		return refused("keyctl");
	return syscall(SYS_add_key, "asymmetric", NULL, certificate, length, keyring) < 0 ? refused("add_key") : 0;
}

/* One operation of keyctl(2), its other arguments, where it has any, such as make sense for a key. */
static const struct operation {
	const char *name;
	int number;
	long second, third;
} operations[] = {
	{ "update", KEYCTL_UPDATE, (long)"x", 1 },
	{ "revoke", KEYCTL_REVOKE, 0, 0 },
	{ "chown", KEYCTL_CHOWN, 0, -1 },
	{ "setperm", KEYCTL_SETPERM, ALL_RIGHTS, 0 },
	{ "clear", KEYCTL_CLEAR, 0, 0 },
	{ "link", KEYCTL_LINK, KEY_SPEC_PROCESS_KEYRING, 0 },
	{ "unlink", KEYCTL_UNLINK, KEY_SPEC_USER_KEYRING, 0 },
	{ "set_timeout", KEYCTL_SET_TIMEOUT, 3600, 0 },
	{ "invalidate", KEYCTL_INVALIDATE, 0, 0 },
	{ "restrict_keyring", KEYCTL_RESTRICT_KEYRING, 0, 0 },
	{ "move", KEYCTL_MOVE, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING },
	{}
};

/*
 * OPERATION of KEY: a serial; "keyring", a new keyring below the user's, with all rights; "key", a new key there; "user", the user's
 * keyring itself. What the user's keyring holds is possessed, by which more is allowed than its owner may.
 */
static int run_control(char **argument)
{
	const struct operation *operation = operations;
	long key = atol(argument[1]);

	while (operation->name && strcmp(operation->name, argument[0]))
		operation++;
	if (!operation->name)
		bad_scene(argument[0]);
	if (syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING))
		bad_scene("possess");
	if (!strcmp(argument[1], "keyring"))
		key = syscall(SYS_add_key, "keyring", "attacked", NULL, 0, KEY_SPEC_USER_KEYRING);
	else if (!strcmp(argument[1], "key"))
		key = syscall(SYS_add_key, "user", "attacked", "y", 1, KEY_SPEC_USER_KEYRING);
	else if (!strcmp(argument[1], "user"))
		key = KEY_SPEC_USER_KEYRING;
	if (!key || key == -1)
		bad_scene(argument[1]);
	return syscall(SYS_keyctl, operation->number, key, operation->second, operation->third, 0) < 0 ? refused(operation->name) : 0;
}

/* What a keyring holds, a serial a line. */
static int run_list(char **argument)
{
	int serials[64];
	long length = syscall(SYS_keyctl, KEYCTL_READ, atol(argument[0]), serials, sizeof(serials));

	if (length < 0)
		return refused("keyctl");
	for (size_t i = 0; i < (size_t)length / sizeof(*serials) && i < 64; i++)
		printf("%d\n", serials[i]);
	return 0;
}

const struct attack key_attacks[] = {
	{ "key-list", "KEYRING", run_list },
	{ "key-plant", "KEYRING CERTIFICATE", run_plant },
	{ "key-control", "OPERATION KEY", run_control },
	{}
};
