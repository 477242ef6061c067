// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Files below a tree that have further names. Such a name may lie outside, where the walk up from it does not meet the tree:
 * so these files are protected by themselves too. Later such names cannot come: a link out of a tree is refused.
 *
 * @param found the files
 * @param complete false when the search was given up at its limit, or came upon what it may not read
 */
record HardLinks(List<Path> found, boolean complete) {
    /**
     * Searches a tree.
     *
     * @param limit most files looked at
     * @throws IOException if the tree itself cannot be looked at
     */
    static HardLinks below(Path tree, Mounts mounts, int limit) throws IOException {
        List<Path> found = new ArrayList<>();
        int[] seen = {0};
        boolean[] unreadable = {false};
        FileVisitor<Path> visitor = new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return mounts.synthetic(directory) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (seen[0]++ >= limit) {
                    return FileVisitResult.TERMINATE;
                }
                if (attributes.isRegularFile() && links(file) > 1) {
                    found.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                unreadable[0] |= !Files.notExists(file, LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException e) {
                unreadable[0] |= e != null;
                return FileVisitResult.CONTINUE;
            }
        };
        Files.walkFileTree(tree, visitor);
        return new HardLinks(List.copyOf(found), seen[0] <= limit && !unreadable[0]);
    }

    private static int links(Path file) throws IOException {
        try {
            return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (java.nio.file.NoSuchFileException e) {
            return 0;
        }
    }
}
