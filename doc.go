// Package sops encrypts and decrypts whole documents.
package sops
