using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.States;

/// <summary>What the gate needs of the draft of a turn: the facts for its guards, and what an entry clears.</summary>
internal interface IGated
{
    /// <summary>The situation, as the guards see it.</summary>
    View View { get; }

    /// <summary>The state is entered: reported and set.</summary>
    void Enter(HaStatus next);

    /// <summary>Forgets a fence that has ended.</summary>
    void DropFence();

    /// <summary>Forgets a takeover that has ended.</summary>
    void DropTakeover();

    /// <summary>Forgets all tries to start a VM.</summary>
    void DropStarts();

    /// <summary>Forgets a change of the own role.</summary>
    void DropRoleChange();
}
