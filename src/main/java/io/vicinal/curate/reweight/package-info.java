/** Training again with other sample weights, and what that does to distances and to retrieval. */
package io.vicinal.curate.reweight;
