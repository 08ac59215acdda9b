/** What commands share: reading arrays, writing files whole, tables, progress, the device. */
package io.vicinal.cli.common;
