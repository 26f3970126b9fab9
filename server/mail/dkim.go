package mail

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIM is the key with which a domain signs what it sends.
type DKIM struct {
	domain, selector string
	key              crypto.Signer
}

const minRSABits = 1024

// NewDKIM reads a private key in PEM (PKCS #1 or #8): RSA of at least 1024 bits, or
// Ed25519. It fails with ErrKey or ErrDomain.
func NewDKIM(domain, selector string, key []byte) (*DKIM, error) {
	domain, err := NormalizeDomain(domain)
	if err != nil {
		return nil, err
	}
	if !isDomain(selector) {
		return nil, ErrKey.WithMessage("the DKIM selector must be a name such as parley1")
	}
	signer, err := readKey(key)
	if err != nil {
		return nil, err
	}
	return &DKIM{domain: domain, selector: selector, key: signer}, nil
}

func readKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, ErrKey
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return checkKey(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, ErrKey.Wrap(err)
	}
	return checkKey(key)
}

func checkKey(key any) (crypto.Signer, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSABits {
			return nil, ErrKey.WithMessage("an RSA key for DKIM needs at least %d bits", minRSABits)
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, ErrKey
}

// Domain is the signing domain.
func (d *DKIM) Domain() string { return d.domain }

// Record returns the name and the text of the DNS TXT record that publishes the key.
func (d *DKIM) Record() (name, text string) {
	name = d.selector + "._domainkey." + d.domain
	switch public := d.key.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return name, ""
		}
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
	return name, ""
}

// signedHeaders are those that a signature covers: what a reader sees, and what
// leads the answer back. Each is named once more than it is there where nobody may add one.
var signedHeaders = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID", "Reply-To", "Reply-To",
	"In-Reply-To", "References", "Cc", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
	"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", HopHeader, IDHeader,
}

// sign returns the header line that goes on top of the mail in r.
func (d *DKIM) sign(r io.Reader) (string, error) {
	s, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: d.domain, Selector: d.selector, Signer: d.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             signedHeaders,
	})
	if err != nil {
		return "", fmt.Errorf("sign mail: %w", err)
	}
	if _, err := io.Copy(s, r); err != nil {
		_ = s.Close()
		return "", fmt.Errorf("sign mail: %w", err)
	}
	if err := s.Close(); err != nil {
		return "", fmt.Errorf("sign mail: %w", err)
	}
	return s.Signature(), nil
}
