/** Networks by name: layers that declare what they learn, and expressions of what they compute. */
package io.vicinal.nn.network;
