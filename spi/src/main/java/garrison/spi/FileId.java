// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * A file as the kernel's own hooks see it. Not what stat(2) prints: on overlayfs and btrfs, {@code st_dev} differs from the
 * device of the super block.
 *
 * @param device the super block's device, kernel encoding (major &lt;&lt; 20 | minor)
 * @param inode the inode number
 * @param generation the inode's generation, which tells a reused number from the first; 0 where the file system keeps none
 */
public record FileId(long device, long inode, int generation) {}
