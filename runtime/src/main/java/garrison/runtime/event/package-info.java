// SPDX-License-Identifier: Apache-2.0
/** Events on their way out of the program: to control clients and to a file, each behind a bounded queue of its own. */
package garrison.runtime.event;
