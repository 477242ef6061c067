// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.btf.BtfBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the framework knows of a kernel with these files, which it reads as it reads those of /proc and /sys. */
public final class BuiltKernel {
    private BuiltKernel() {}

    /**
     * @param folder for the files
     * @param types the kernel's, complete
     * @param lsms as in /sys/kernel/security/lsm
     */
    public static RunningKernel of(Path folder, String release, BtfBuilder types, String lsms) throws IOException {
        return new RunningKernel(Files.writeString(folder.resolve("osrelease"), release + "\n"),
                Files.write(folder.resolve("vmlinux"), types.build()), Files.writeString(folder.resolve("lsm"), lsms), HookTrial.NONE);
    }
}
