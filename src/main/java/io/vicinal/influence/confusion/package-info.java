/** What a test set's nearest neighbours get wrong: pairs, classes, groups. */
package io.vicinal.influence.confusion;
