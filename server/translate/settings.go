package translate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	translationv1 "github.com/parley-chat/parley/gen/parley/translation/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/vault"
)

// settable are the fields of the settings that can be changed.
var settable = []string{"provider", "base_url"}

// GetTranslationSettings implements the contract's method.
func (h *Handler) GetTranslationSettings(ctx context.Context, _ *translationv1.GetTranslationSettingsRequest) (*translationv1.GetTranslationSettingsResponse, error) {
	row, err := h.q.TranslationSettingGet(ctx, h.DB, access.FromContext(ctx).Workspace)
	if store.IsNoRows(err) {
		return &translationv1.GetTranslationSettingsResponse{Settings: &translationv1.TranslationSettings{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read translation settings: %w", err)
	}
	return &translationv1.GetTranslationSettingsResponse{Settings: settingsOf(&row)}, nil
}

func settingsOf(row *db.TranslationSetting) *translationv1.TranslationSettings {
	return &translationv1.TranslationSettings{
		Provider: translationv1.TranslationProvider(row.Provider), BaseUrl: row.BaseURL, KeySet: len(row.APIKey) > 0,
		UpdateTime: timestamppb.New(row.UpdateTime),
	}
}

// UpdateTranslationSettings implements the contract's method.
func (h *Handler) UpdateTranslationSettings(ctx context.Context, req *translationv1.UpdateTranslationSettingsRequest) (*translationv1.UpdateTranslationSettingsResponse, error) {
	workspace, mask := access.FromContext(ctx).Workspace, req.GetUpdateMask().GetPaths()
	for _, path := range mask {
		if !slices.Contains(settable, path) {
			return nil, errMask
		}
	}
	if len(mask) == 0 {
		mask = settable
	}
	row, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.TranslationSetting, error) {
		row, err := h.q.TranslationSettingLock(ctx, tx, db.TranslationSettingLockParams{WorkspaceID: workspace, Now: h.Now()})
		if err != nil {
			return row, fmt.Errorf("lock translation settings: %w", err)
		}
		if err := h.apply(&row, req, mask); err != nil {
			return row, err
		}
		err = h.q.TranslationSettingUpdate(ctx, tx, db.TranslationSettingUpdateParams{
			WorkspaceID: workspace, Provider: row.Provider, BaseURL: row.BaseURL, APIKey: row.APIKey, Now: row.UpdateTime,
		})
		if err != nil {
			return row, fmt.Errorf("update translation settings: %w", err)
		}
		return row, nil
	})
	if err != nil {
		return nil, err
	}
	return &translationv1.UpdateTranslationSettingsResponse{Settings: settingsOf(&row)}, nil
}

// apply changes the settings as asked. A key that was entered for another
// address or provider is dropped: it would be sent to whom it is not for.
func (h *Handler) apply(row *db.TranslationSetting, req *translationv1.UpdateTranslationSettingsRequest, mask []string) error {
	before := *row
	if slices.Contains(mask, "provider") {
		row.Provider = int16(req.GetSettings().GetProvider())
	}
	if slices.Contains(mask, "base_url") {
		row.BaseURL = strings.TrimRight(strings.TrimSpace(req.GetSettings().GetBaseUrl()), "/")
	}
	if row.BaseURL != before.BaseURL || row.Provider != before.Provider {
		row.APIKey = nil
	}
	if err := h.checkAddress(row); err != nil {
		return err
	}
	if req.Key == nil {
		return nil
	}
	sealed, err := h.Vault.Seal(keyPlace(row.WorkspaceID), []byte(strings.TrimSpace(req.GetKey())))
	row.APIKey = sealed
	return err
}

func (h *Handler) checkAddress(row *db.TranslationSetting) error {
	if row.BaseURL == "" {
		if row.Provider == int16(translationv1.TranslationProvider_TRANSLATION_PROVIDER_LIBRE_TRANSLATE) {
			return errNoAddress
		}
		return nil
	}
	_, err := h.Egress.CheckURL(row.BaseURL)
	switch {
	case errors.Is(err, egress.ErrRefused):
		return errForbidden
	case err != nil:
		return errAddress
	default:
		return nil
	}
}

// keyPlace is where a workspace's key is in the vault.
func keyPlace(workspace uuid.UUID) vault.Place {
	return vault.Place{Workspace: workspace, Purpose: "translation key"}
}

// provider is whoever translates for the workspace.
func (h *Handler) provider(ctx context.Context, workspace uuid.UUID) (provider, translationv1.TranslationProvider, error) {
	row, err := h.q.TranslationSettingGet(ctx, h.DB, workspace)
	if store.IsNoRows(err) {
		return nil, 0, errNotSetUp
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read translation settings: %w", err)
	}
	key, err := h.Vault.Open(keyPlace(workspace), row.APIKey)
	if errors.Is(err, vault.ErrBroken) {
		return nil, 0, errRefused.Wrap(err)
	}
	if err != nil {
		return nil, 0, err
	}
	kind := translationv1.TranslationProvider(row.Provider)
	switch kind {
	case translationv1.TranslationProvider_TRANSLATION_PROVIDER_GOOGLE:
		return &google{egress: h.Egress, url: row.BaseURL, key: string(key)}, kind, nil
	case translationv1.TranslationProvider_TRANSLATION_PROVIDER_LIBRE_TRANSLATE:
		return &libre{egress: h.Egress, url: row.BaseURL, key: string(key)}, kind, nil
	default:
		return nil, 0, errNotSetUp
	}
}
