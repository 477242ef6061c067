// SPDX-License-Identifier: Apache-2.0
/** Only what an OSGi framework calls when this jar is installed in it as a bundle. */
package garrison.framework.osgi;
