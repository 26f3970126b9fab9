package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"
)

// openS3 opens a bucket of S3, or of a server that speaks like it. The
// credentials come from the environment, the shared files or the machine's role,
// as the AWS SDK looks for them.
func openS3(u *url.URL) (*Store, error) {
	if u.User != nil {
		return nil, errors.New("file store: credentials do not belong in its address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	if u.Host == "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("file store %q: the address must be s3:// and the name of a bucket, without a path", u)
	}
	bucket, err := new(s3blob.URLOpener).OpenBucketURL(context.Background(), u)
	if err != nil {
		return nil, fmt.Errorf("open file store in S3: %w", err)
	}
	return &Store{bucket: bucket, signs: true}, nil
}

// force makes the store answer with headers of ours, which are part of what is
// signed.
func (g Given) force(as func(any) bool) error {
	var in *s3.GetObjectInput
	if as(&in) {
		in.ResponseContentType = aws.String(g.MediaType)
		in.ResponseContentDisposition = aws.String(g.Disposition)
		in.ResponseCacheControl = aws.String("private, no-store")
	}
	return nil
}
