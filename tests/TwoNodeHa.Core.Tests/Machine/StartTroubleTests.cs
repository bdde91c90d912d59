using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

public class StartTroubleTests
{
    [Theory]
    [InlineData(ActionOutcome.Succeeded, "", StartTrouble.None)]
    [InlineData(ActionOutcome.Unknown, "DEADLINE", StartTrouble.Unknown)]
    [InlineData(ActionOutcome.Failed, "CANNOT_CONTACT_HOST", StartTrouble.Unknown)]
    [InlineData(ActionOutcome.Failed, "SR_BACKEND_FAILURE_46", StartTrouble.Lock)]
    [InlineData(ActionOutcome.Failed, "HOST_NOT_ENOUGH_FREE_MEMORY", StartTrouble.NoMemory)]
    [InlineData(ActionOutcome.Failed, "VM_REQUIRES_NETWORK", StartTrouble.Missing)]
    [InlineData(ActionOutcome.Failed, "OPERATION_BLOCKED", StartTrouble.Permanent)]
    [InlineData(ActionOutcome.Failed, "SR_BACKEND_FAILURE_47", StartTrouble.Transient)]
    [InlineData(ActionOutcome.Failed, "A_CODE_OF_TOMORROW", StartTrouble.Transient)]
    public void Each_answer_has_its_kind(ActionOutcome outcome, string code, StartTrouble kind) => Assert.Equal(kind, StartTroubles.Of(outcome, code));
}
