// Package vault encrypts the secrets that the workspace's administrators entrust
// to us and that must be used again: keys of providers, passwords of mail servers,
// private keys. What is only ever compared is hashed instead, elsewhere.
//
// Every secret is sealed with AES-256-GCM under a key of its own workspace and
// purpose, derived from the installation's secret, and bound to its owner. So
// a sealed secret that is copied to another row, purpose or workspace does not
// open. The installation's secret is in the same database: the vault keeps
// secrets out of logs, exports, answers and copies of single tables, not from
// somebody who has the whole database.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Keys derives a key of 32 bytes for a purpose; *thread.Sealer.
type Keys interface {
	Key(purpose string) ([]byte, error)
}

// Place is where a secret belongs. A secret opens only in the place that it was
// sealed for.
type Place struct {
	Workspace uuid.UUID
	// Purpose says what the secret is for, such as "translation key".
	Purpose string
	// Owner names the row that has it, if the workspace has several.
	Owner string
}

// ErrBroken says that a secret does not open: it was sealed for another place or
// by another installation, or it was changed. It has to be entered anew.
var ErrBroken = errors.New("a stored secret does not open; it must be entered anew")

// version begins every sealed secret, so that another cipher may come one day.
const version = 1

// Vault seals and opens secrets. It is safe for concurrent use.
type Vault struct{ keys Keys }

// New makes a Vault.
func New(keys Keys) *Vault { return &Vault{keys} }

// Seal encrypts a secret for its place. Sealing it again gives other bytes. An
// empty secret is nothing to keep, and is nil.
func (v *Vault) Seal(at Place, secret []byte) ([]byte, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	aead, err := v.aead(at)
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte{version}, nil, secret, []byte(at.Owner)), nil
}

// Open decrypts what Seal gave, or fails with ErrBroken.
func (v *Vault) Open(at Place, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	if sealed[0] != version {
		return nil, ErrBroken
	}
	aead, err := v.aead(at)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, nil, sealed[1:], []byte(at.Owner))
	if err != nil {
		return nil, ErrBroken
	}
	return secret, nil
}

// Token is a text that nobody else can make up for the place, always the same: 22
// characters for forms that ask for a password of our choice.
func (v *Vault) Token(at Place) (string, error) {
	key, err := v.key("token", at)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(key, at.Owner...))
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}

func (v *Vault) aead(at Place) (cipher.AEAD, error) {
	key, err := v.key("vault", at)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make vault cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make vault cipher: %w", err)
	}
	return aead, nil
}

// key is that of a workspace and purpose. The UUID has one length, so no two
// places share a name.
func (v *Vault) key(use string, at Place) ([]byte, error) {
	key, err := v.keys.Key(use + " " + at.Workspace.String() + " " + at.Purpose)
	if err != nil {
		return nil, fmt.Errorf("derive vault key: %w", err)
	}
	return key, nil
}
