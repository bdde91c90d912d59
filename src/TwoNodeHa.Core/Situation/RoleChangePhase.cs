namespace TwoNodeHa.Core.Situation;

/// <summary>Where a change of the own toolstack's role stands.</summary>
public enum RoleChangePhase
{
    /// <summary>None is under way.</summary>
    Idle = 0,

    /// <summary>The toolstack is being killed.</summary>
    Killing = 1,

    /// <summary>The role file is being written.</summary>
    Writing = 2,

    /// <summary>The toolstack is being started.</summary>
    Starting = 3,
}
