using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Reservations;

namespace TwoNodeHa.Daemon.Tests.Reservations;

/// <summary>The output of sg_persist as sg3_utils 1.37 to 1.46 print it. What is not understood says nothing.</summary>
public sealed class PersistOutputTests
{
    private const string TwoKeys = "  PR generation=0x4, 2 registered reservation keys follow:\n    0x544e0a1b2c3d4e5f\n    0x544e000000000001\n";

    [Fact]
    public void Keys_are_read_one_for_each_path()
    {
        Assert.Equal([0x544E0A1B2C3D4E5FUL, 0x544E000000000001UL], PersistOutput.Keys(TwoKeys)!.Value);
        Assert.Equal([0x1UL], PersistOutput.Keys("  PR generation=0x1, 1 registered reservation key follows:\n    0x1\n")!.Value);
        Assert.Empty(PersistOutput.Keys("  PR generation=0x0, there are NO registered reservation keys\n")!.Value);
    }

    [Fact]
    public void Keys_behind_the_lines_of_an_inquiry_are_read_too() =>
        Assert.Equal(2, PersistOutput.Keys("  IET       VIRTUAL-DISK      0001\n  Peripheral device type: disk\n" + TwoKeys)!.Value.Length);

    [Theory]
    [InlineData("")]
    [InlineData("  PR generation=0x4, 2 registered reservation keys follow:\n    0x544e0a1b2c3d4e5f\n")]
    [InlineData("  PR generation=0x4, 1 registered reservation key follows:\n    0xzz\n")]
    [InlineData("  PR generation=0x4, many registered reservation keys follow:\n    0x1\n")]
    [InlineData("sg_persist: SCSI INQUIRY failed on /dev/null\n")]
    public void Keys_that_are_cut_or_odd_are_none(string output) => Assert.Null(PersistOutput.Keys(output));

    [Theory]
    [InlineData("  PR generation=0x4, there is NO reservation held\n", LunReservation.None)]
    [InlineData("  PR generation=0x4, Reservation follows:\n    Key=0x544e000000000001\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n", LunReservation.WriteExclusiveRegistrants)]
    [InlineData("  PR generation=0x4, Reservation follows:\n    Key=0x1\n    scope: LU_SCOPE,  type: Write Exclusive, all registrants\n", LunReservation.Other)]
    [InlineData("  PR generation=0x4, Reservation follows:\n    Key=0x1\n    scope: LU_SCOPE,  type: Exclusive Access, registrants only\n", LunReservation.Other)]
    [InlineData("  PR generation=0x4, Reservation follows:\n    Key=0x1\n    scope: 2   type: Write Exclusive, registrants only\n", LunReservation.Other)]
    public void A_reservation_is_read_with_its_type(string output, LunReservation expected) => Assert.Equal(expected, PersistOutput.Reservation(output));

    [Theory]
    [InlineData("")]
    [InlineData("  PR generation=0x4, Reservation follows:\n    Key=0x1\n")]
    [InlineData("  PR generation=0x4, something else\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n")]
    public void A_reservation_that_is_cut_or_odd_is_none(string output) => Assert.Null(PersistOutput.Reservation(output));

    [Fact]
    public void Whether_a_target_keeps_it_through_a_loss_of_power_is_read()
    {
        Assert.True(PersistOutput.KeepsThroughPowerLoss("  Persist Through Power Loss Capable(PTPL_C): 1\n  Persist Through Power Loss Active(PTPL_A): 1\n"));
        Assert.False(PersistOutput.KeepsThroughPowerLoss("  Persist Through Power Loss Active(PTPL_A): 0\n"));
        Assert.Null(PersistOutput.KeepsThroughPowerLoss("Report capabilities response: too short\n"));
    }
}
