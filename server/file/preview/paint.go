package preview

import (
	"context"
	"fmt"
	"image"
	stddraw "image/draw"

	"golang.org/x/image/draw"
)

// shrink paints a picture at a size. A much larger one is averaged in squares
// first, a band of rows at a time, so that fine patterns do not flicker and no
// second large picture is needed.
func shrink(ctx context.Context, full image.Image, to Size) (*image.RGBA, error) {
	b := full.Bounds()
	if k := min(b.Dx()/to.Width, b.Dy()/to.Height); k >= 2 {
		averaged, err := average(ctx, full, k)
		if err != nil {
			return nil, err
		}
		full = averaged
	}
	small := image.NewRGBA(image.Rect(0, 0, to.Width, to.Height))
	if full.Bounds().Dx() == to.Width && full.Bounds().Dy() == to.Height {
		stddraw.Draw(small, small.Bounds(), full, full.Bounds().Min, stddraw.Src)
		return small, nil
	}
	draw.CatmullRom.Scale(small, small.Bounds(), full, full.Bounds(), draw.Src, nil)
	return small, nil
}

// average makes one pixel of k × k.
func average(ctx context.Context, full image.Image, k int) (*image.RGBA, error) {
	b := full.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/k, b.Dy()/k))
	band := image.NewRGBA(image.Rect(0, 0, b.Dx(), k))
	sums := make([]uint64, 4*out.Rect.Dx())
	for y := range out.Rect.Dy() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("shrink picture: %w", err)
		}
		stddraw.Draw(band, band.Bounds(), full, image.Pt(b.Min.X, b.Min.Y+y*k), stddraw.Src)
		clear(sums)
		for row := range k {
			line := band.Pix[row*band.Stride:]
			for i := range sums {
				x, channel := i/4*k, i%4
				for step := range k {
					sums[i] += uint64(line[4*(x+step)+channel])
				}
			}
		}
		line := out.Pix[y*out.Stride:]
		for i, sum := range sums {
			line[i] = uint8((sum + uint64(k*k)/2) / uint64(k*k))
		}
	}
	return out, nil
}

// turn makes a picture upright that is stored in one of Exif's orientations.
func turn(p *image.RGBA, orientation int) *image.RGBA {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	// from answers which pixel of p is at a place of the upright picture.
	var from func(x, y int) (int, int)
	switch orientation {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return p
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := from(x, y)
			copy(out.Pix[out.PixOffset(x, y):][:4], p.Pix[p.PixOffset(fx, fy):][:4])
		}
	}
	return out
}
