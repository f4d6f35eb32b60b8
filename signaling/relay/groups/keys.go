package groups

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing"
)

const (
	maxPackage  = 16 << 10 // bytes
	maxPackages = 100      // in one upload
)

// Keys says how many key packages one of a person's own devices has here.
func (s *Service) Keys(ctx context.Context, userID, deviceID string) (proto.KeyPackagesLeft, error) {
	if _, err := s.own(ctx, userID, deviceID); err != nil {
		return proto.KeyPackagesLeft{}, err
	}
	return s.left(ctx, deviceID)
}

func (s *Service) left(ctx context.Context, deviceID string) (proto.KeyPackagesLeft, error) {
	counts, err := s.store.KeyPackagesLeft(ctx, deviceID)
	if err != nil {
		return proto.KeyPackagesLeft{}, err
	}
	return proto.KeyPackagesLeft{Left: append([]proto.KeyPackageCount{}, counts...)}, nil
}

// AddKeys adds key packages of one of a person's own devices. The newest are
// kept, as many as are wanted.
func (s *Service) AddKeys(ctx context.Context, userID, deviceID string, in proto.KeyPackagesNew) (proto.KeyPackagesLeft, error) {
	d, err := s.own(ctx, userID, deviceID)
	if err != nil {
		return proto.KeyPackagesLeft{}, err
	}
	if err := s.suite(in.Suite); err != nil {
		return proto.KeyPackagesLeft{}, err
	}
	if len(in.Packages) > maxPackages {
		return proto.KeyPackagesLeft{}, refuse(proto.CodeTooLarge, "packages: given %d; allowed are %d at a time", len(in.Packages), maxPackages)
	}
	stock := proto.KeyPackageStock{DeviceID: deviceID, Suite: in.Suite, Keep: s.cfg().KeyPackages, At: s.now().UnixMilli()}
	for i, b := range in.Packages {
		p, err := checkPackage(fmt.Sprintf("packages[%d]", i), d, in.Suite, b)
		if err != nil {
			return proto.KeyPackagesLeft{}, err
		}
		stock.Packages = append(stock.Packages, p)
	}
	if len(in.LastResort) > 0 {
		p, err := checkPackage("last_resort", d, in.Suite, in.LastResort)
		if err != nil {
			return proto.KeyPackagesLeft{}, err
		}
		if slices.ContainsFunc(stock.Packages, func(other proto.KeyPackageRow) bool { return other.ID == p.ID }) {
			return proto.KeyPackagesLeft{}, refuse(proto.CodeBadMessage, "last_resort: given one that is among packages; allowed is one of its own, for it is used more than once")
		}
		stock.LastResort = &p
	}
	found, err := s.store.AddKeyPackages(ctx, stock)
	if err != nil {
		return proto.KeyPackagesLeft{}, err
	}
	if !found {
		return proto.KeyPackagesLeft{}, errNoDevice(deviceID)
	}
	return s.left(ctx, deviceID)
}

func (s *Service) suite(n int64) error {
	if !slices.Contains(s.cfg().Suites, n) {
		return refuse(proto.CodeNotAllowed, "suite: given %d; allowed are %v", n, s.cfg().Suites)
	}
	return nil
}

// checkPackage holds a key package to the device whose it is said to be.
func checkPackage(what string, d proto.ChatDeviceRow, suite int64, b []byte) (proto.KeyPackageRow, error) {
	if len(b) > maxPackage {
		return proto.KeyPackageRow{}, refuse(proto.CodeTooLarge, "%s: given %d bytes; allowed are %d", what, len(b), maxPackage)
	}
	f, err := parse(what, b, framing.KeyPackage)
	if err != nil {
		return proto.KeyPackageRow{}, err
	}
	if f.CipherSuite != suite {
		return proto.KeyPackageRow{}, refuse(proto.CodeBadMessage, "%s: given cipher suite %d; allowed is %d, the suite that was named", what, f.CipherSuite, suite)
	}
	if err := isLeafOf(what, f.Leaf, d); err != nil {
		return proto.KeyPackageRow{}, err
	}
	sum := sha256.Sum256(b)
	return proto.KeyPackageRow{ID: hex.EncodeToString(sum[:]), Package: b}, nil
}

// TakeKeys takes a key package of each device of a friend's, or of one's own.
func (s *Service) TakeKeys(ctx context.Context, userID, ofID string, in proto.KeyPackagesTake) (proto.KeyPackages, error) {
	if err := s.suite(in.Suite); err != nil {
		return proto.KeyPackages{}, err
	}
	if wait, ok := s.takes.Take(userID, s.now()); !ok {
		return proto.KeyPackages{}, tooFast("key packages taken", wait)
	}
	if userID != ofID {
		if err := s.d.Policy.Correspond(ctx, userID, []string{userID, ofID}); err != nil {
			return proto.KeyPackages{}, err
		}
	}
	rows, err := s.store.ChatDevices(ctx, ofID)
	if err != nil {
		return proto.KeyPackages{}, err
	}
	taken := proto.KeyPackages{Packages: []proto.KeyPackageOf{}}
	for _, d := range rows {
		if len(in.Devices) > 0 && !slices.Contains(in.Devices, d.ID) {
			continue
		}
		// Beyond what one may take of this device, the last resort will do.
		_, single := s.takesOf.Take(userID+" "+d.ID, s.now())
		p, found, err := s.store.TakeKeyPackage(ctx, d.ID, in.Suite, single, s.now().UnixMilli())
		if err != nil {
			return proto.KeyPackages{}, err
		}
		if found {
			taken.Packages = append(taken.Packages, p)
		}
	}
	return taken, nil
}
