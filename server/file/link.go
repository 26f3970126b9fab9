package file

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/blob"
)

const (
	// PathPrefix is where Download is to be mounted.
	PathPrefix = "/files/"
	// linkLife is how long an address works.
	linkLife = 5 * time.Minute
	// maxToken is longer than any token that is sealed here, in characters.
	maxToken = 4096
	keySize  = 32
)

// link is what a token says: who asked for which file, until when. It grants
// nothing that its holder may not do when they come with it.
type link struct {
	Caller  access.Caller
	File    uuid.UUID
	Preview bool `json:",omitempty"`
	Expire  time.Time
}

func newLinkCipher(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("make link cipher: the key has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make link cipher: %w", err)
	}
	links, err := cipher.NewGCMWithRandomNonce(block)
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
	l := link{
		Caller: c, File: f.ID, Preview: req.GetKind() == threadv1.FileLinkKind_FILE_LINK_KIND_PREVIEW,
		Expire: h.now().Add(linkLife).Truncate(time.Second),
	}
	if l.Preview {
		if f, err = h.previewed(ctx, f); err != nil {
			return nil, err
		}
	}
	token, err := h.seal(l)
	if err != nil {
		return nil, err
	}
	res := &threadv1.CreateFileLinkResponse{Path: PathPrefix + f.ID.String() + "?token=" + token, ExpireTime: timestamppb.New(l.Expire)}
	if h.origin.base != "" {
		res.Url = h.origin.base + res.GetPath()
	}
	if direct, ok, err := h.given(ctx, &f, l.Preview); err != nil {
		return nil, err
	} else if ok {
		res.Url = direct
	}
	return res, nil
}

// given is an address at which the store itself gives a file away; ok is false
// if that is not allowed, or the file is in parts. The store's answer has none of
// the headers that make ours inert, so all it gives is to be saved, but for
// previews, which are pictures and nothing else.
func (h *Handler) given(ctx context.Context, f *db.File, small bool) (address string, ok bool, err error) {
	part := partOf(f, 0)
	switch {
	case !h.presign:
		return "", false, nil
	case small:
		part.Number = blob.Preview
	case f.Joined:
		part.Number = blob.Whole
	case f.Parts != 1:
		return "", false, nil
	}
	s := shownAs(f, small)
	if !small {
		s.disposition = "attachment"
	}
	address, err = h.store.URL(ctx, part, blob.Given{For: linkLife, MediaType: s.mediaType, Disposition: s.header()})
	return address, err == nil, wrap("sign address of file", err)
}

// seal makes the token of a link. It is opaque: an address that ends up in a log
// tells nobody whose it was.
func (h *Handler) seal(l link) (string, error) {
	content, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("encode file link: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(h.links.Seal(nil, nil, content, nil)), nil
}

// open reads a token; ok is false for one that was not sealed here or has
// expired.
func (h *Handler) open(token string) (l link, ok bool) {
	if len(token) > maxToken {
		return link{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return link{}, false
	}
	content, err := h.links.Open(nil, nil, sealed, nil)
	if err != nil || json.Unmarshal(content, &l) != nil {
		return link{}, false
	}
	return l, h.now().Before(l.Expire)
}
