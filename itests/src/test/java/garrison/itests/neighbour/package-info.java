// SPDX-License-Identifier: Apache-2.0
/**
 * A third party's plugin, as small as one can be: embedded, or as a bundle of its own made by
 * {@link garrison.itests.TestBundle}.
 */
package garrison.itests.neighbour;
