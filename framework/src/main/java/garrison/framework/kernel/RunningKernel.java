// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.btf.Btf;
import garrison.spi.Answer;
import garrison.spi.KernelFeatures;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import java.util.List;
import java.util.Optional;

/** The kernel this process runs on. */
public final class RunningKernel implements KernelFeatures {
    /** Looks at /proc and /sys. Reads the BTF only when first asked about it. */
    public RunningKernel() {}

    @Override
    public String release() {
        throw new UnsupportedOperationException();
    }

    @Override
    public KernelVersion version() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<LsmHook> lsmHook(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Answer function(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Answer struct(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<String> activeLsms() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Answer bpfLsm() {
        throw new UnsupportedOperationException();
    }

    /** The kernel's own types. */
    public Btf btf() {
        throw new UnsupportedOperationException();
    }

    /**
     * What inode_setxattr and inode_removexattr programs must return to decide nothing: 1 where the kernel would else skip
     * its own capability check, 0 elsewhere.
     */
    public int xattrNoDecision() {
        throw new UnsupportedOperationException();
    }
}
