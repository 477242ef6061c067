// SPDX-License-Identifier: Apache-2.0
/** What the running kernel has, what an object needs of it, and what it says about files. */
package garrison.framework.kernel;
