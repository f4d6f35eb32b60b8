package browser

import (
	"context"
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Point is a place in a page's window, in CSS pixels.
type Point struct{ X, Y float64 }

// Draw moves a pressed mouse, or a finger, through points of the window: the
// page gets the events that a person's hand would make.
func Draw(ctx context.Context, p Page, finger bool, points ...Point) error {
	c, ok := p.(*chromium)
	if !ok {
		return fmt.Errorf("draw: given a %T; only Chromium's pages have it", p)
	}
	ctx, done := c.within(ctx)
	defer done()
	draw := mouse
	if finger {
		draw = touch
	}
	if err := draw(ctx, points); err != nil {
		return fmt.Errorf("draw: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// Resize gives the page a window of that many CSS pixels, as it would have on a
// phone. (Chromium's own windows are 500 pixels wide at least.)
func Resize(ctx context.Context, p Page, width, height int) error {
	c, ok := p.(*chromium)
	if !ok {
		return fmt.Errorf("resize: given a %T; only Chromium's pages have it", p)
	}
	ctx, done := c.within(ctx)
	defer done()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: int64(height), DeviceScaleFactor: 1,
	})
	if err != nil {
		return fmt.Errorf("resize: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func mouse(ctx context.Context, points []Point) error {
	send := func(typ input.DispatchMouseEventType, p Point) error {
		_, err := chromedp.Call(ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: typ, X: p.X, Y: p.Y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1,
		})
		return err
	}
	if err := send(input.DispatchMouseEventTypeMousePressed, points[0]); err != nil {
		return err
	}
	for _, p := range points[1:] {
		if err := send(input.DispatchMouseEventTypeMouseMoved, p); err != nil {
			return err
		}
	}
	return send(input.DispatchMouseEventTypeMouseReleased, points[len(points)-1])
}

func touch(ctx context.Context, points []Point) error {
	send := func(typ input.DispatchTouchEventType, at []*input.TouchPoint) error {
		_, err := chromedp.Call(ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: typ, TouchPoints: at})
		return err
	}
	typ := input.DispatchTouchEventTypeTouchStart
	for _, p := range points {
		if err := send(typ, []*input.TouchPoint{{X: p.X, Y: p.Y}}); err != nil {
			return err
		}
		typ = input.DispatchTouchEventTypeTouchMove
	}
	return send(input.DispatchTouchEventTypeTouchEnd, []*input.TouchPoint{})
}
