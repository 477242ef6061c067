// SPDX-License-Identifier: GPL-2.0
/* The benign twin: a module like any other, loaded and removed. */
#include <linux/module.h>

static int __init benign_init(void)
{
	return 0;
}

static void __exit benign_exit(void)
{
}

module_init(benign_init);
module_exit(benign_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does nothing; for tests of Garrison");
