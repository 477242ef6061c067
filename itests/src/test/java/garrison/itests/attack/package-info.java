// SPDX-License-Identifier: Apache-2.0
/**
 * The attacks, declared once for all suites and the demo: what each does to a fresh scene, which operation that is, and how
 * its success is seen on the disk, not only in an errno.
 */
package garrison.itests.attack;
