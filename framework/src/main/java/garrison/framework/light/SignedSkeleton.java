// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

/**
 * A light skeleton with what makes the kernel take it.
 *
 * @param skeleton made from the object
 * @param signature of its instructions: CMS, detached, as {@code garrison sign} makes it
 * @param keyring serial of the kernel's keyring by which it is to be good
 */
public record SignedSkeleton(LightSkeleton skeleton, byte[] signature, int keyring) {}
