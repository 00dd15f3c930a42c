// Package merges holds merges of encrypted files to their laws with the real git:
// merges, rebases, cherry-picks and criss-cross merges of random changes.
package merges
