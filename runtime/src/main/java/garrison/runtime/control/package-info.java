// SPDX-License-Identifier: Apache-2.0
/**
 * The control protocol: a Unix domain socket on which a client writes one JSON object a line and reads one JSON object a line.
 *
 * <p>Request: {@code {"op":"status"}}, further keys are the operation's arguments. Response:
 * {@code {"ok":true,"result":…}} or {@code {"ok":false,"kind":"…","error":"…"}}, {@code kind} being {@code usage} (the request is
 * wrong), {@code configuration} (the configuration file is), or {@code failure}. A connection takes any number of requests one
 * after the other. After the response to {@code events} it carries event lines only, until either side closes it.
 */
package garrison.runtime.control;
