// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.util.Arrays;
import java.util.Optional;

/**
 * What is kept with a loader: its signature, and before it the release, if its signer gave one.
 *
 * @param release signed with the digest
 * @param der detached CMS
 */
public record LoaderSignature(Optional<Release> release, byte[] der) {
    /** Signs a digest, and a release with it. */
    public static LoaderSignature make(SigningKey key, FileDigest digest, Optional<Release> release) {
        return new LoaderSignature(release, key.sign(signed(digest, release)));
    }

    /** Takes kept bytes apart. What is no signature is found out when it is checked. */
    public static LoaderSignature of(byte[] kept) {
        Optional<Release> release = Release.at(kept);
        return new LoaderSignature(release, release.isEmpty() ? kept : Arrays.copyOfRange(kept, Release.SIZE, kept.length));
    }

    /** As it is kept. */
    public byte[] encoded() {
        return release.map(r -> joined(r.encoded(), der)).orElse(der);
    }

    /** What it must be a signature of. Without a release just what {@code fsverity sign} signs. */
    public byte[] signedBytes(FileDigest digest) {
        return signed(digest, release);
    }

    private static byte[] signed(FileDigest digest, Optional<Release> release) {
        return release.map(r -> joined(digest.signedBytes(), r.encoded())).orElseGet(digest::signedBytes);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
