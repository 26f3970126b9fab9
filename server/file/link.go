package file

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
)

const (
	// PathPrefix is where Download is to be mounted.
	PathPrefix = "/files/"
	// linkLife is how long an address works.
	linkLife = 5 * time.Minute
	// linkSize is a token's content: workspace, credential, file, and expiry in
	// seconds.
	linkSize = 16 + 16 + 16 + 8
	keySize  = 32
)

// link is what a token says: with this credential this file may be loaded, if
// that is still so when somebody comes with it.
type link struct {
	workspace  uuid.UUID
	credential uuid.UUID
	file       uuid.UUID
	expire     time.Time
}

func newLinkCipher(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("make link cipher: the key has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make link cipher: %w", err)
	}
	links, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make link cipher: %w", err)
	}
	return links, nil
}

// CreateFileLink implements threadv1connect.FileServiceHandler.
func (h *Handler) CreateFileLink(ctx context.Context, req *threadv1.CreateFileLinkRequest) (*threadv1.CreateFileLinkResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return nil, errNotFound
	}
	f, err := h.finished(ctx, c, id)
	if err != nil {
		return nil, err
	}
	l := link{workspace: c.Workspace, credential: c.Credential, file: f.ID, expire: h.now().Add(linkLife).Truncate(time.Second)}
	token, err := h.seal(l)
	if err != nil {
		return nil, err
	}
	return &threadv1.CreateFileLinkResponse{Path: PathPrefix + f.ID.String() + "?token=" + token, ExpireTime: timestamppb.New(l.expire)}, nil
}

// seal makes the token of a link. It is opaque: an address that ends up in a log
// tells nobody whose it was.
func (h *Handler) seal(l link) (string, error) {
	nonce := make([]byte, h.links.NonceSize(), h.links.NonceSize()+linkSize+h.links.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("make nonce: %w", err)
	}
	content := make([]byte, 0, linkSize)
	content = append(content, l.workspace[:]...)
	content = append(content, l.credential[:]...)
	content = append(content, l.file[:]...)
	content = binary.BigEndian.AppendUint64(content, uint64(l.expire.Unix()))
	return base64.RawURLEncoding.EncodeToString(h.links.Seal(nonce, nonce, content, nil)), nil
}

// open reads a token; ok is false for one that was not sealed here or has
// expired.
func (h *Handler) open(token string) (l link, ok bool) {
	if len(token) > 256 {
		return link{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(sealed) < h.links.NonceSize() {
		return link{}, false
	}
	content, err := h.links.Open(nil, sealed[:h.links.NonceSize()], sealed[h.links.NonceSize():], nil)
	if err != nil || len(content) != linkSize {
		return link{}, false
	}
	copy(l.workspace[:], content)
	copy(l.credential[:], content[16:])
	copy(l.file[:], content[32:])
	l.expire = time.Unix(int64(binary.BigEndian.Uint64(content[48:])), 0)
	return l, h.now().Before(l.expire)
}
